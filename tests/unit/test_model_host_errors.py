"""One error of the kernel has one public code, its own sentence and its own remedy."""

import errno
import os

import pytest

from ytaudio_daemon.daemon.step_problems import step_problem
from ytaudio_daemon.fetch.classify import Cause, Evidence, classify
from ytaudio_daemon.jobs.prepare import work_folder_failure
from ytaudio_daemon.jobs.publish_failures import publish_failure
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.host_error_table import LOCKED, Scope
from ytaudio_daemon.model.host_errors import (
    CODE_ALIASES,
    HOST_ERROR_CODES,
    current_code,
    find_host_error,
    find_host_error_in,
)
from ytaudio_daemon.pool.worker_failures import fork_refused

#: What the manual pages of Linux list under ERRORS, by call.
OF_MANUAL_PAGES = {
    "open": "EACCES EAGAIN EBADF EBUSY EDQUOT EEXIST EFAULT EFBIG EINTR EINVAL EISDIR "
    "ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV ENOENT ENOMEM ENOSPC ENOTDIR ENXIO "
    "EOPNOTSUPP EOVERFLOW EPERM EROFS ETXTBSY EWOULDBLOCK",
    "rename": "EACCES EBADF EBUSY EDQUOT EEXIST EFAULT EINVAL EISDIR ELOOP EMLINK "
    "ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOTDIR ENOTEMPTY EPERM EROFS EXDEV",
    "link": "EACCES EBADF EDQUOT EEXIST EFAULT EINVAL EIO ELOOP EMLINK ENAMETOOLONG "
    "ENOENT ENOMEM ENOSPC ENOTDIR EPERM EROFS EXDEV",
    "unlink": "EACCES EBADF EBUSY EFAULT EINVAL EIO EISDIR ELOOP ENAMETOOLONG ENOENT "
    "ENOMEM ENOTDIR EPERM EROFS",
    "mkdir": "EACCES EBADF EDQUOT EEXIST EFAULT EINVAL ELOOP EMLINK ENAMETOOLONG "
    "ENOENT ENOMEM ENOSPC ENOTDIR EPERM EROFS",
    "fsync": "EBADF EDQUOT EINTR EINVAL EIO ENOSPC EROFS",
    # nfs(5), fuse(4), mount.cifs(8), fscrypt, and a damaged ext4 or XFS
    "file systems": "ECONNABORTED EHOSTDOWN EILSEQ EKEYEXPIRED EKEYREJECTED EKEYREVOKED "
    "ENOKEY ENOLCK ENOSYS ENOTCONN EREMOTEIO ESHUTDOWN ESTALE ETIMEDOUT EUCLEAN",
}
KNOWN = sorted(n for n in errno.errorcode if find_host_error(n) is not None)
#: What the machine or a disk says to whoever asks.
HOST_WIDE = [
    number
    for number in KNOWN
    if (known := find_host_error(number)) and known.scope is not Scope.PATH
]


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/srv/x")


@pytest.mark.parametrize("number", HOST_WIDE)
def test_an_error_has_one_code_wherever_it_shows(number: int) -> None:
    step = step_problem("views", os_error(number)).code
    published = publish_failure(os_error(number))
    fetched = classify(Evidence(causes=(Cause(errno=number),)))
    forked = fork_refused(number)
    assert {step, published.code, fetched.code, forked.code} == {step}
    kinds = {published.kind, fetched.kind, forked.kind}
    assert kinds == {FailureKind.HOST}


@pytest.mark.parametrize(
    ("number", "code", "remedy"),
    [
        (errno.EROFS, "read_only", "writable again"),
        (errno.EBUSY, "in_use", "Unmount"),
        (errno.ENOTDIR, "not_a_folder", "file or a link: move that away"),
        (errno.ELOOP, "symbolic_link", "where the link /srv/x is"),
        (errno.EXDEV, "other_file_system", "mount between"),
        (errno.ENAMETOOLONG, "name_too_long", "Shorten"),
        (errno.EPERM, "permission_denied", "lsattr"),
        (errno.ENOTCONN, "mount_lost", "again"),
        (errno.ENOSYS, "not_supported", "ext4"),
    ],
)
def test_a_remedy_fits_its_error(number: int, code: str, remedy: str) -> None:
    known = find_host_error(number)
    assert known is not None
    assert known.code == code
    assert remedy in known.remedy("/srv/x")


#: Only a mistake in this program leads to them: they have no remedy.
MISTAKES = frozenset({errno.EBADF, errno.EFAULT, errno.EINTR})


@pytest.mark.parametrize("call", OF_MANUAL_PAGES)
def test_every_error_of_a_call_has_a_code_or_is_our_mistake(call: str) -> None:
    numbers = {getattr(errno, name) for name in OF_MANUAL_PAGES[call].split()}
    unknown = {n for n in numbers if find_host_error(n) is None}
    assert unknown <= MISTAKES
    assert not MISTAKES & set(KNOWN)


#: What each remedy must say, since nothing else helps.
REMEDIES = {
    errno.EAGAIN: ("in_use", "End the program that has /srv/x open (lslocks"),
    errno.EBUSY: ("in_use", "on other computers"),
    errno.ECONNABORTED: ("mount_lost", "Mount the file system of /srv/x again"),
    errno.EEXIST: ("place_taken", "Move what is at /srv/x away"),
    errno.EFBIG: ("file_too_big", "LimitFSIZE="),
    errno.EHOSTDOWN: ("mount_lost", "server of /srv/x runs"),
    errno.EILSEQ: ("not_supported", "Rename /srv/x"),
    errno.EINVAL: ("not_supported", "Rename /srv/x"),
    errno.EISDIR: ("not_a_file", "Move the folder at /srv/x away"),
    errno.EKEYEXPIRED: ("permission_denied", "kinit"),
    errno.EMLINK: ("too_many_entries", "Move or remove some"),
    errno.ENODEV: ("not_a_file", "Move what is at /srv/x away"),
    errno.ENOKEY: ("permission_denied", "fscrypt unlock"),
    errno.ENOLCK: ("not_supported", "rpc.statd"),
    errno.ENOTEMPTY: ("place_taken", "Move what is at /srv/x away"),
    errno.ENXIO: ("not_a_file", "Move what is at /srv/x away"),
    errno.ETXTBSY: ("in_use", "End the program that runs from /srv/x"),
    errno.EUCLEAN: ("io_error", "fsck"),
}


@pytest.mark.parametrize("number", REMEDIES)
def test_a_step_that_fails_names_what_helps(number: int) -> None:
    code, remedy = REMEDIES[number]
    told = step_problem("views", os_error(number))
    assert told.code == code
    assert remedy in told.hint


def test_a_process_that_cannot_be_started_is_no_locked_file() -> None:
    without_file = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    told = step_problem("engine", without_file)
    assert told.code == fork_refused(errno.EAGAIN).code == "no_processes"
    assert "TasksMax=" in told.hint


@pytest.mark.parametrize("number", KNOWN)
def test_no_remedy_is_a_chmod_and_none_lacks_its_place(number: int) -> None:
    known = find_host_error(number)
    assert known is not None
    assert "chmod" not in known.remedy() + LOCKED.remedy()
    assert "{" not in known.remedy("/srv/{x}").replace("/srv/{x}", "")


def test_old_codes_are_read_as_todays() -> None:
    assert not HOST_ERROR_CODES & CODE_ALIASES.keys()
    assert set(CODE_ALIASES.values()) <= HOST_ERROR_CODES
    assert current_code("no_files") == "too_many_files"
    assert current_code("private_video") == "private_video"


def test_what_a_program_prints_is_known_by_the_kernels_words() -> None:
    written = "av_interleaved_write_frame(): No space left on device"
    found = find_host_error_in(written, frozenset({errno.ENOSPC}))
    assert found == find_host_error(errno.ENOSPC)
    assert find_host_error_in(written, frozenset({errno.EROFS})) is None
    assert find_host_error(None) is None


@pytest.mark.parametrize(
    "failure",
    [
        publish_failure(os_error(errno.ENOSPC)),
        work_folder_failure(os_error(errno.EROFS)),
    ],
)
def test_what_everybody_sees_names_nobodys_folder(failure: Failure) -> None:
    assert "/srv/x" not in failure.message + failure.hint


def test_a_work_folder_that_cannot_be_made_has_a_remedy_for_its_cause() -> None:
    failure = work_folder_failure(os_error(errno.EROFS))
    assert "Mount the file system of downloads/.work writable again" in failure.hint
    assert "ytaudio doctor" in work_folder_failure(OSError("odd")).hint
