// allauth's own scripts speak with the device; this one tells people when it said no, or when the browser cannot.
const trouble = document.getElementById("passkey-trouble");
const button = document.querySelector("#passkey_login, #mfa_webauthn_add, #mfa_webauthn_authenticate, #mfa_webauthn_reauthenticate");
(button?.form ?? button?.closest("form"))?.prepend(trouble);
const say = (words) => {
  trouble.textContent = words;
  trouble.hidden = false;
};
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  say(trouble.dataset.refused);
});
if (button && !window.PublicKeyCredential) {
  button.disabled = true;
  say(trouble.dataset.absent);
}
