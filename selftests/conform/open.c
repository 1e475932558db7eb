// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects opened by their handle
 */
#include <linux/fs.h>
#include <sys/resource.h>

#include "conform.h"

FUNC(dm_open_by_handle, CALL | IS_FILE | IS_DIR | OPENED, "",
     dm_open_by_handle(c->hanp, c->hlen, O_RDONLY), .nokind = -1)

static void close_ok(int fd)
{
	NEED(fd >= 0);
	close(fd);
}

CASE(dm_open_by_handle, ok_writes_without_times)
{
	struct stat st;
	int fd;

	NEED_OK(stat(w.path, &st));
	fd = dm_open_by_handle(H(w.file), O_RDWR | O_CLOEXEC);
	NEED(fd >= 0);
	RET(4, pwrite(fd, "abcd", 4, 0));
	close(fd);
	THAT(same_times(&st, w.path));
}

CASE(dm_open_by_handle, EBADF_kind)
{
	ERR(EBADF, dm_open_by_handle(H(w.fs), O_RDONLY));
}

CASE(dm_open_by_handle, EINVAL_kind_and_mode)
{
	static const int bad[] = { O_CREAT, O_TRUNC, O_EXCL, O_PATH, O_ASYNC,
				   1 << 30, 3 };
	unsigned int i;

	ERR(EINVAL, dm_open_by_handle(H(w.link), O_RDONLY));
	NEED_OK(mkfifo(in_dir("fifo"), 0600));
	ERR(EINVAL, dm_open_by_handle(H(handle_of(in_dir("fifo"))), O_RDONLY));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ERR(EINVAL, dm_open_by_handle(H(w.file), bad[i]));
}

CASE(dm_open_by_handle, EISDIR_write)
{
	ERR(EISDIR, dm_open_by_handle(H(w.dirh), O_WRONLY));
	ERR(EISDIR, dm_open_by_handle(H(w.dirh), O_RDWR));
}

CASE(dm_open_by_handle, ENOTDIR_file)
{
	ERR(ENOTDIR, dm_open_by_handle(H(w.file), O_RDONLY | O_DIRECTORY));
}

static void set_flag(int flag)
{
	int fd = open(w.path, O_RDONLY | O_CLOEXEC);

	NEED_OK(ioctl(fd, FS_IOC_SETFLAGS, &flag));
	close(fd);
}

CASE(dm_open_by_handle, EPERM_immutable)
{
	set_flag(FS_IMMUTABLE_FL);
	ERR(EPERM, dm_open_by_handle(H(w.file), O_RDWR));
	close_ok(dm_open_by_handle(H(w.file), O_RDONLY));
	set_flag(FS_APPEND_FL);
	ERR(EPERM, dm_open_by_handle(H(w.file), O_WRONLY));
	close_ok(dm_open_by_handle(H(w.file), O_WRONLY | O_APPEND));
	set_flag(0);
}

CASE(dm_open_by_handle, EROFS_write)
{
	remount(true);
	ERR(EROFS, dm_open_by_handle(H(w.file), O_RDWR));
	close_ok(dm_open_by_handle(H(w.file), O_RDONLY));
	remount(false);
}

static int sleeps(const char *path)
{
	execl(path, path, "20", NULL);
	return 127;
}

CASE(dm_open_by_handle, ETXTBSY_executed)
{
	char cmd[400];
	struct handle h;
	pid_t pid;

	snprintf(cmd, sizeof(cmd), "cp /bin/sleep %s && chmod 755 %s",
		 in_dir("sleep"), in_dir("sleep"));
	NEED_OK(system(cmd));
	h = handle_of(in_dir("sleep"));
	pid = spawn(sleeps, in_dir("sleep"));
	usleep(500000);
	ERR(ETXTBSY, dm_open_by_handle(H(h), O_WRONLY));
	kill(pid, SIGKILL);
	RET(-SIGKILL, reaped(pid));
	close_ok(dm_open_by_handle(H(h), O_WRONLY));
}

CASE(dm_open_by_handle, EWOULDBLOCK_lease)
{
	int fd = open(w.path, O_RDONLY | O_CLOEXEC);

	signal(SIGIO, SIG_IGN);
	NEED_OK(fcntl(fd, F_SETLEASE, F_RDLCK));
	ERR(EWOULDBLOCK, dm_open_by_handle(H(w.file), O_WRONLY | O_NONBLOCK));
	NEED_OK(fcntl(fd, F_SETLEASE, F_UNLCK));
	close(fd);
}

CASE(dm_open_by_handle, EMFILE_limit)
{
	struct rlimit old, lim;

	NEED_OK(getrlimit(RLIMIT_NOFILE, &old));
	lim = old;
	lim.rlim_cur = 0;
	NEED_OK(setrlimit(RLIMIT_NOFILE, &lim));
	ERR(EMFILE, dm_open_by_handle(H(w.file), O_RDONLY));
	NEED_OK(setrlimit(RLIMIT_NOFILE, &old));
}

CASE(dm_open_by_handle, ENOENT_removed_directory)
{
	struct handle h;

	NEED_OK(mkdir(in_dir("sub"), 0700));
	h = handle_of(in_dir("sub"));
	/* The object is there, and no path leads to it. */
	NEED_OK(dm_obj_ref_hold(w.sid, w.token, H(h)));
	NEED_OK(rmdir(in_dir("sub")));
	ERR(ENOENT, dm_open_by_handle(H(h), O_RDONLY));
}
