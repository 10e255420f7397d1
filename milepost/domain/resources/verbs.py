from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("resource.proposed", _("proposed a resource"), icon="file-pen-line", public=False, objects=True)
verb("resource.published", _("published a resource"), icon="book-open", objects=True)
verb("resource.changed", _("changed a resource"), icon="pencil", public=False)
verb("resource.withdrawn", _("withdrew a resource"), icon="archive", public=False)
# A course that people take elsewhere can be brought in, so tools may write that it was finished.
verb("resource.finished", _("finished a resource"), icon="book-open-check", objects=True, external=True)
verb("lesson.finished", _("finished a lesson"), icon="check", objects=True, public=False)
verb("resource.rated", _("rated a resource"), icon="star", objects=True, public=False)
