// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs another name space, or ends a file system
 */
#include <sched.h>
#include <sys/mount.h>

#include "conform.h"

FUNC(dm_get_dioinfo, CALL | SID | TOKEN | IS_FILE | SHARED, "diop:o",
     dm_get_dioinfo(OBJ, c->p[0]))

CASE(dm_get_dioinfo, ok_sizes)
{
	dm_dioinfo_t d;

	memset(&d, FILL, sizeof(d));
	OK(dm_get_dioinfo(w.sid, H(w.file), DM_NO_TOKEN, &d));
	THAT(d.d_mem && !(d.d_mem & (d.d_mem - 1)));
	THAT(d.d_miniosz >= 512 && d.d_maxiosz > d.d_miniosz);
	THAT(d.d_maxiosz % d.d_miniosz == 0 && d.d_dio_only == DM_FALSE);
}

/* --- A name space where the file system is not mounted --------------------- */

static void hide(const char *path)
{
	if (unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) ||
	    umount2(path, MNT_DETACH))
		_exit(255);
}

static int open_hidden(const char *path)
{
	hide(path);
	return dm_open_by_handle(H(w.file), O_RDONLY) < 0 ? errno : 0;
}

static int path_hidden(const char *path)
{
	char buf[PATH_MAX];
	size_t len;

	hide(path);
	return dm_handle_to_path(H(w.dirh), H(w.file), sizeof(buf), buf, &len) ?
		errno : 0;
}

/* The process that has to see an errno is a child: here it is seen. */
static int as_errno(int e)
{
	errno = e;
	return e ? -1 : 0;
}

CASE(dm_open_by_handle, ENXIO_no_mount)
{
	ERR(ENXIO, as_errno(reaped(spawn(open_hidden, w.mnt))));
}

CASE(dm_handle_to_path, ENXIO_no_mount)
{
	ERR(ENXIO, as_errno(reaped(spawn(path_hidden, w.mnt))));
}

/* A handle of something that is there: nobody gets as far as to see that. */
static int make_hidden(const char *path)
{
	hide(path);
	if (!dm_create_by_handle(w.sid, H(w.dirh), DM_NO_TOKEN, H(w.file), "hidden") ||
	    errno != ENXIO ||
	    !dm_mkdir_by_handle(w.sid, H(w.dirh), DM_NO_TOKEN, H(w.file), "hidden"))
		return 0;
	if (errno != ENXIO || !dm_symlink_by_handle(w.sid, H(w.dirh), DM_NO_TOKEN,
						    H(w.file), "hidden", "to"))
		return 0;
	return errno;
}

#define HIDDEN(fn)							\
CASE(fn, ENXIO_no_mount)						\
{									\
	ERR(ENXIO, as_errno(reaped(spawn(make_hidden, w.mnt))));	\
}
HIDDEN(dm_create_by_handle)
HIDDEN(dm_mkdir_by_handle)
HIDDEN(dm_symlink_by_handle)

static int init_hidden(const char *path)
{
	char *version = (char *)1;

	hide(path);
	if (!dm_init_service(&version))
		return 0;
	return version == (char *)1 ? errno : 254;
}

CASE(dm_init_service, ENOSYS_no_kernel)
{
	ERR(ENOSYS, as_errno(reaped(spawn(init_hidden, "/sys"))));
}

/* --- A file system that was shut down -------------------------------------- */

static void shut_down(void)
{
	int fd = open(w.mnt, O_RDONLY | O_CLOEXEC);
	unsigned int how = 1;			/* after a flush of the log */

	NEED_OK(ioctl(fd, _IOR('X', 125, unsigned int), &how));
	close(fd);
}

static void mount_again(void)
{
	const char *dev = getenv("DM_DEV");
	int i;

	if (w.token > 0)
		dm_respond_event(w.sid, w.token, DM_RESP_CONTINUE, 0, 0, NULL);
	for (i = 0; i < 100 && umount(w.mnt); i++)
		usleep(20000);
	NEED_OK(mount(dev ? dev : "/dev/ubdb", w.mnt, "xfs", 0, "dmapi"));
	conform_policy("continue");
}

CASE(dm_sync_by_handle, EIO_shut_down)
{
	RET(3, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, 0, 3, "new"));
	shut_down();
	ERR(EIO, dm_sync_by_handle(w.sid, H(w.file), DM_NO_TOKEN));
	mount_again();
}

static int request_it(const char *path)
{
	(void)path;
	return dm_request_right(w.sid, H(w.file), w.token, DM_RR_WAIT,
				DM_RIGHT_EXCL) ? errno : 0;
}

CASE(dm_request_right, EIO_shut_down)
{
	dm_token_t t = token_with(w.file, DM_RIGHT_EXCL);
	pid_t pid = spawn(request_it, NULL);

	usleep(200000);
	shut_down();
	ERR(EIO, as_errno(reaped(pid)));
	done(t);
	mount_again();
}

/* --- One that is full ------------------------------------------------------ */

static int fill(const char *name)
{
	int fd = open(in_dir(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	off_t len;

	/* Everything there is, in ever smaller pieces */
	for (len = 1L << 30; len >= 4096; len /= 2)
		do
			NEED_OK(fstat(fd, &st));
		while (!posix_fallocate(fd, st.st_size, len));
	return fd;
}

static void empty(int fd)
{
	NEED_OK(ftruncate(fd, 0));
	close(fd);
}

CASE(dm_write_invis, ENOSPC_full)
{
	struct handle h = make_file("empty", 0);
	int fd = fill("full");

	ERR(ENOSPC, dm_write_invis(w.sid, H(h), DM_NO_TOKEN, 0, 0, 65536, ro_page));
	empty(fd);
}
