"""Files of posts: checked before the transaction, stored with it, gone again where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.uploads import Accepted, accept

from .models import Attachment, Post

AT_MOST = 10
"""Files of one post."""


def checked(files: Sequence[File]) -> list[Accepted]:
    """The files, typed by their content and images written anew; DomainError for one that is not accepted."""
    if len(files) > AT_MOST:
        raise DomainError(
            _("A post carries at most ten files."), _("Put them into one zip file, or into several posts.")
        )
    return [accept(file) for file in files]


@contextmanager
def stored(files: list[Accepted]) -> Iterator[list[tuple[Accepted, str]]]:
    """The files with the names under which they lie in the storage; removed again if what follows fails."""
    names: list[tuple[Accepted, str]] = []
    try:
        for file in files:
            # The stored name tells nothing and cannot be guessed; what people see is the row's name.
            path = f"attachments/{clock.now():%Y/%m}/{new_id().hex}{file.suffix}"
            names.append((file, default_storage.save(path, ContentFile(file.content))))
        yield names
    except BaseException:
        for _file, name in names:
            default_storage.delete(name)
        raise


def attach(post: Post, files: list[tuple[Accepted, str]]) -> None:
    for file, name in files:
        Attachment.objects.create(
            community=post.community,
            post=post,
            name=file.name,
            media_type=file.media_type,
            size=len(file.content),
            file=name,
        )
