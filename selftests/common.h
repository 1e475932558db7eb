/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of dmapi() have in common
 *
 * The functions return 0 or a negated errno unless they say something else,
 * and assert nothing, so that children and threads may call them.  Macros with
 * names in capitals assert and belong into a test.
 *
 * DM_MNT is where an XFS is mounted with -o dmapi, DM_DEV its device.
 */
#ifndef DMAPI_TEST_COMMON_H
#define DMAPI_TEST_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

#include <linux/capability.h>

#include "kselftest_harness.h"
#include "wrappers.h"

#define DM_GRANULE	65536ULL	/* pieces in which a file is punched */
#define DM_SEED		17		/* pattern of files, if nothing else is said */
#define DM_BIT(event)	(1ULL << DMAPI_EVENT_##event)
#define DM_BAD_PTR	((void *)8)	/* no address of ours */

static inline const char *dm_mnt(void)
{
	const char *s = getenv("DM_MNT");

	return s ? s : "/mnt/dm";
}

static inline const char *dm_dev(void)
{
	const char *s = getenv("DM_DEV");

	return s ? s : "/dev/ubdb";
}

/* --- Patterns: never a zero, different in every block -------------------- */

static inline unsigned char dm_pat(__u64 off, unsigned int seed)
{
	__u64 x = (off + 1) * 0x9e3779b97f4a7c15ULL;

	return 1 + ((x >> 32) ^ seed) % 251;
}

static inline void dm_fill(void *buf, __u64 off, size_t len, unsigned int seed)
{
	unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = dm_pat(off + i, seed);
}

/* Index of the first byte that is not the pattern's, or -1. */
static inline ssize_t dm_differs(const void *buf, __u64 off, size_t len,
				 unsigned int seed)
{
	const unsigned char *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != dm_pat(off + i, seed))
			return i;
	return -1;
}

/* Are these all the same byte? */
static inline bool dm_all(const void *buf, unsigned char c, size_t len)
{
	const unsigned char *p = buf;

	while (len--)
		if (*p++ != c)
			return false;
	return true;
}

/* --- Handles ------------------------------------------------------------- */

struct dm_handle {
	unsigned char	b[DMAPI_HANDLE_LEN];
	__u64		len;
};

static inline long dm_path_handle(const char *path, struct dm_handle *h)
{
	memset(h, 0, sizeof(*h));
	return dmapi_path_to_handle(path, h->b, &h->len);
}

static inline long dm_fs_handle(const char *path, struct dm_handle *h)
{
	memset(h, 0, sizeof(*h));
	return dmapi_path_to_fshandle(path, h->b, &h->len);
}

/* What a call is about; the handle must stay where it is. */
static inline struct dmapi_object dm_obj(__s32 sid, const struct dm_handle *h)
{
	struct dmapi_object o = {
		.sid = sid, .token = DMAPI_NO_TOKEN, .hanp = DM_PTR(h->b),
		.hlen = h->len,
	};

	return o;
}

static inline struct dmapi_object dm_obj_global(__s32 sid)
{
	struct dmapi_object o = {
		.sid = sid, .token = DMAPI_NO_TOKEN,
		.hanp = DMAPI_GLOBAL_HANP, .hlen = DMAPI_GLOBAL_HLEN,
	};

	return o;
}

static inline struct dmapi_object dm_obj_token(struct dmapi_object o, __s32 token)
{
	o.token = token;
	return o;
}

/* --- Files --------------------------------------------------------------- */

/**
 * struct dm_file - a file of a test
 * @path: its name
 * @h: its handle
 * @o: what calls about it take
 * @size: bytes
 */
struct dm_file {
	char			path[PATH_MAX];
	struct dm_handle	h;
	struct dmapi_object	o;
	__u64			size;
};

/* Make a file with the pattern, on the device. */
static inline long dm_make_file(struct dm_file *f, __s32 sid, const char *dir,
				const char *name, __u64 size)
{
	static __thread unsigned char buf[DM_GRANULE];
	__u64 off;
	long ret;
	int fd;

	snprintf(f->path, sizeof(f->path), "%s/%s", dir, name);
	f->size = size;
	fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	for (off = 0; off < size; off += sizeof(buf)) {
		size_t n = size - off < sizeof(buf) ? size - off : sizeof(buf);

		dm_fill(buf, off, n, DM_SEED);
		if (pwrite(fd, buf, n, off) != (ssize_t)n) {
			ret = -EIO;
			goto out;
		}
	}
	ret = fsync(fd) ? -errno : 0;
out:
	close(fd);
	if (!ret)
		ret = dm_path_handle(f->path, &f->h);
	f->o = dm_obj(sid, &f->h);
	return ret;
}

/* One region, in place of all others. */
static inline long dm_arm(const struct dmapi_object *o, __s64 off, __u64 len,
			  __u32 flags)
{
	struct dmapi_region r = { .offset = off, .size = len, .flags = flags };
	__u32 exact;

	return dmapi_set_region(o, 1, &r, &exact);
}

static inline long dm_disarm(const struct dmapi_object *o)
{
	__u32 exact;

	return dmapi_set_region(o, 0, NULL, &exact);
}

/* Arm all of a file for READ and punch all of it. */
static inline long dm_make_offline(const struct dmapi_object *o)
{
	long ret = dm_arm(o, 0, 0, DMAPI_REGION_READ);

	return ret ? ret : dmapi_punch_hole(o, 0, 0);
}

/* Bring the pattern back. */
static inline long dm_recall(const struct dmapi_object *o, __u64 off, __u64 len)
{
	static __thread unsigned char buf[DM_GRANULE];
	__u64 pos;
	long ret;

	for (pos = off; pos < off + len; pos += ret) {
		size_t n = off + len - pos < sizeof(buf) ? off + len - pos :
							   sizeof(buf);

		dm_fill(buf, pos, n, DM_SEED);
		ret = dmapi_write_invis(o, 0, pos, n, buf);
		if (ret <= 0)
			return ret ? ret : -EIO;
	}
	return dmapi_set_resident(o, off, len);
}

/*
 * Read part of a file the ordinary way and compare it with the pattern.
 * 0, -EILSEQ if it differs, -ENODATA if it is short, or what read gave.
 */
static inline long dm_read_check(const char *path, __u64 off, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *buf = malloc(len);
	ssize_t n;
	long ret;

	if (fd < 0 || !buf) {
		free(buf);
		return fd < 0 ? -errno : -ENOMEM;
	}
	n = pread(fd, buf, len, off);
	if (n < 0)
		ret = -errno;
	else if ((size_t)n != len)
		ret = -ENODATA;
	else
		ret = dm_differs(buf, off, len, DM_SEED) < 0 ? 0 : -EILSEQ;
	free(buf);
	close(fd);
	return ret;
}

/*
 * What a file of the mount is allocated in, bytes: a block, or for realtime
 * files what the script that made the file system says.
 */
static inline __u64 dm_alloc_unit(void)
{
	const char *rt = getenv("DM_RTEXTSIZE");
	struct statvfs st;

	if (rt)
		return strtoull(rt, NULL, 0);
	return statvfs(dm_mnt(), &st) ? 0 : st.f_bsize;
}

/* --- Processes ----------------------------------------------------------- */

/*
 * Run a function in a child that dies with us; its result, 0 or a negated
 * errno, is the child's exit status.
 */
static inline pid_t dm_spawn(long (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-fn(arg));
	}
	return pid;
}

struct dm_read_args {
	const char	*path;
	__u64		off;
	size_t		len;
};

static inline long dm_read_child(void *arg)
{
	const struct dm_read_args *a = arg;

	return dm_read_check(a->path, a->off, a->len);
}

/* dm_read_check() in a child. */
static inline pid_t dm_spawn_read(const char *path, __u64 off, size_t len)
{
	struct dm_read_args a = { path, off, len };

	return dm_spawn(dm_read_child, &a);
}

#define DM_RUNNING	1		/* still */
#define DM_SIGNALLED	2		/* a signal ended it */

/*
 * Wait for a child for up to @ms milliseconds: 0 or the negated errno that was
 * its exit status, DM_RUNNING, DM_SIGNALLED.
 */
static inline long dm_wait(pid_t pid, int ms)
{
	struct timespec tick = { .tv_nsec = 2000000 };
	int status;

	for (;; ms -= 2) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got < 0)
			return -errno;
		if (got == pid)
			break;
		if (ms <= 0)
			return DM_RUNNING;
		nanosleep(&tick, NULL);
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : DM_SIGNALLED;
}

/* A line of the list of waiters. */
struct dm_waiter {
	int			pid;
	unsigned long long	fsid, ino;
	char			event[20];
	long long		offset;
	unsigned long long	length;
	char			state[20];
	int			token, sid;
};

/* Is a process (0: any) listed that waits for an event like this (NULL: any)? */
static inline bool dm_waiter(pid_t pid, const char *event, const char *state,
			     struct dm_waiter *w)
{
	FILE *f = fopen("/proc/fs/xfs/dmapi_waiters", "r");
	bool found = false;
	char line[500];

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%d %*s %llx %llu %*u %19s %lld %llu %*d %19s %d %d",
			       &w->pid, &w->fsid, &w->ino, w->event, &w->offset,
			       &w->length, w->state, &w->token, &w->sid) == 9 &&
			(!pid || w->pid == pid) &&
			(!event || !strcmp(w->event, event)) &&
			(!state || !strcmp(w->state, state));
	if (f)
		fclose(f);
	return found;
}

static inline void dm_sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* Drop one capability for good; use it in a child. */
static inline long dm_drop_cap(int cap)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	data[cap / 32].inheritable &= ~(1U << cap % 32);
	return syscall(SYS_capset, &hdr, data) ? -errno : 0;
}

/* --- Events -------------------------------------------------------------- */

/* Let a session have these events of the file system (a set of DM_BIT). */
static inline long dm_want(__s32 sid, __u64 set)
{
	struct dm_handle h;
	struct dmapi_object o;
	long ret = dm_fs_handle(dm_mnt(), &h);

	if (ret)
		return ret;
	o = dm_obj(sid, &h);
	return dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX);
}

/* Give the object at @path an event list. */
static inline long dm_set_list(__s32 sid, const char *path, __u64 set)
{
	struct dm_handle h;
	struct dmapi_object o;
	long ret = dm_path_handle(path, &h);

	o = dm_obj(sid, &h);
	return ret ? ret : dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX);
}

/* The file system's. */
static inline long dm_set_fs_list(__s32 sid, __u64 set)
{
	struct dm_handle h;
	struct dmapi_object o;
	long ret = dm_fs_handle(dm_mnt(), &h);

	o = dm_obj(sid, &h);
	return ret ? ret : dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX);
}

/* A data event, unpacked. */
struct dm_event {
	int			type;
	__s32			token;
	__u32			sequence;
	__s64			offset;
	__u64			length;
	struct dm_handle	h;
};

/* Unpack the message at @p. */
static inline void dm_unpack(const void *p, struct dm_event *e)
{
	struct dmapi_eventmsg m;
	struct dmapi_data_event d;

	memset(e, 0, sizeof(*e));
	memcpy(&m, p, sizeof(m));
	e->type = m.type;
	e->token = m.token;
	e->sequence = m.sequence;
	if (m.type == DMAPI_EVENT_USER || m.data.length < sizeof(d))
		return;
	p = (const char *)p + m.data.offset;
	memcpy(&d, p, sizeof(d));
	e->offset = d.offset;
	e->length = d.length;
	e->h.len = d.handle.length;
	if (e->h.len <= sizeof(e->h.b))
		memcpy(e->h.b, (const char *)p + d.handle.offset, e->h.len);
}

/* Get one message within @ms milliseconds, as it is, or -EAGAIN; @rlen may be NULL. */
static inline long dm_next_raw(__s32 sid, void *buf, size_t size, __u64 *rlen, int ms)
{
	__u64 len;
	long ret;

	for (;; ms -= 2) {
		ret = dmapi_get_events(sid, 1, 0, size, buf, rlen ? rlen : &len);
		if (ret != -EAGAIN || ms <= 0)
			return ret;
		dm_sleep_ms(2);
	}
}

/* Get one event within @ms milliseconds, or -EAGAIN. */
static inline long dm_next(__s32 sid, struct dm_event *e, int ms)
{
	char buf[256];
	long ret = dm_next_raw(sid, buf, sizeof(buf), NULL, ms);

	if (!ret)
		dm_unpack(buf, e);
	return ret;
}

static inline long dm_continue(__s32 sid, __s32 token)
{
	return dmapi_respond_event(sid, token, DMAPI_RESP_CONTINUE, 0, 0, NULL);
}

static inline long dm_abort(__s32 sid, __s32 token, int error)
{
	return dmapi_respond_event(sid, token, DMAPI_RESP_ABORT, error, 0,
				   NULL);
}

/* --- The mount ----------------------------------------------------------- */

static inline long dm_umount(void)
{
	int i;

	/* A descriptor that was closed a moment ago may still be on its way. */
	for (i = 0; umount(dm_mnt()); i++) {
		if (errno != EBUSY || i == 100)
			return -errno;
		dm_sleep_ms(10);
	}
	return 0;
}

/* DM_RTDEV: the file system's realtime device, if it has one. */
static inline long dm_mount(unsigned long flags, const char *opts)
{
	const char *rt = getenv("DM_RTDEV");
	char all[200];

	snprintf(all, sizeof(all), "%s%s%s%s", opts, rt && *opts ? "," : "",
		 rt ? "rtdev=" : "", rt ? rt : "");
	return mount(dm_dev(), dm_mnt(), "xfs", flags, all) ? -errno : 0;
}

/* Unmount and mount again; nobody may have anything open. */
static inline long dm_remount(unsigned long flags, const char *opts)
{
	long ret = dm_umount();

	return ret ? ret : dm_mount(flags, opts);
}

#define DM_GOINGDOWN	_IOR('X', 125, __u32)	/* XFS_IOC_GOINGDOWN, and how */
#define DM_LOGFLUSH	1
#define DM_NOLOGFLUSH	2

/* Shut down the file system that holds @path. */
static inline long dm_shutdown(const char *path, __u32 how)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, DM_GOINGDOWN, &how) ? -errno : 0;
	close(fd);
	return ret;
}

/* A file of the mount's directory in sysfs. */
static inline void dm_sysfs_path(char *path, size_t size, const char *name)
{
	const char *dev = strrchr(dm_dev(), '/');

	snprintf(path, size, "/sys/fs/xfs/%s/dmapi/%s", dev ? dev + 1 : dm_dev(),
		 name);
}

static inline long dm_sysfs_set(const char *name, const char *value)
{
	char path[PATH_MAX];
	long ret = 0;
	int fd;

	dm_sysfs_path(path, sizeof(path), name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		ret = -errno;
	close(fd);
	return ret;
}

static inline long dm_sysfs_get(const char *name, char *value, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	dm_sysfs_path(path, sizeof(path), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, value, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	value[n] = 0;
	value[strcspn(value, "\n")] = 0;
	return 0;
}

/* --- Directories and fixtures -------------------------------------------- */

/*
 * XFS of Linux 6.12 with assertions panics when something smaller than a block
 * goes that has blocks of attributes, so these go first.
 */
static inline void dm_rm_attrs(const char *path)
{
	static char names[65536];
	ssize_t n = llistxattr(path, names, sizeof(names)), i;

	for (i = 0; i < n; i += strlen(names + i) + 1)
		lremovexattr(path, names + i);
}

static inline int dm_rm_one(const char *path, const struct stat *st, int flag,
			    struct FTW *ftw)
{
	(void)flag;
	(void)ftw;
	if (st->st_size < 65536)
		dm_rm_attrs(path);
	return remove(path);
}

static inline void dm_rm_rf(const char *path)
{
	nftw(path, dm_rm_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Answer everything that a session has, so that it can go. */
static inline void dm_drain(__s32 sid)
{
	struct dm_event e;
	__s32 tokens[64];
	__u32 n, i;

	while (!dm_next(sid, &e, 0))
		;
	if (!dmapi_getall_tokens(sid, 64, tokens, &n))
		for (i = 0; i < n; i++)
			dm_abort(sid, tokens[i], EIO);
}

/*
 * A session and a directory for each test: DM_FIXTURE(name) makes a fixture
 * with self->sid and self->dir.  Where there is no dmapi() the tests skip.
 */
#define DM_FIXTURE_FIELDS						\
	__s32		sid;						\
	char		dir[256]

#define DM_FIXTURE_SETUP(fixture)					\
	FIXTURE_SETUP(fixture)						\
	{								\
		long ret = dmapi_get_version();				\
									\
		if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)	\
			SKIP(return, "no dmapi(), or not for us");	\
		ASSERT_LT(0, ret);					\
		snprintf(self->dir, sizeof(self->dir), "%s/%s.%d",	\
			 dm_mnt(), _metadata->name, getpid());		\
		ASSERT_EQ(0, mkdir(self->dir, 0755)) {			\
			TH_LOG("%s: %m", self->dir);			\
		}							\
		ASSERT_EQ(0, dmapi_create_session(0, _metadata->name,	\
						  &self->sid));		\
	}

#define DM_FIXTURE_TEARDOWN(fixture)					\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		dm_drain(self->sid);					\
		dmapi_destroy_session(self->sid);			\
		dm_rm_rf(self->dir);					\
	}

#define DM_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		DM_FIXTURE_FIELDS;					\
	};								\
	DM_FIXTURE_SETUP(fixture)					\
	DM_FIXTURE_TEARDOWN(fixture)

/* Time stamps before and after. */
struct dm_times {
	struct timespec	a, m, c;
};

static inline struct dm_times dm_times(const char *path)
{
	struct dm_times t = { };
	struct stat st;

	if (!lstat(path, &st)) {
		t.a = st.st_atim;
		t.m = st.st_mtim;
		t.c = st.st_ctim;
	}
	return t;
}

static inline bool dm_time_eq(struct timespec x, struct timespec y)
{
	return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

#define DM_EXPECT_TIMES(path, t0)					\
	do {								\
		struct dm_times t1 = dm_times(path);			\
									\
		EXPECT_TRUE(dm_time_eq((t0).a, t1.a));			\
		EXPECT_TRUE(dm_time_eq((t0).m, t1.m));			\
		EXPECT_TRUE(dm_time_eq((t0).c, t1.c));			\
	} while (0)

#endif /* DMAPI_TEST_COMMON_H */
