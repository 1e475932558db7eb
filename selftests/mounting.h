/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mount_test and unmount_test have in common
 *
 * A file system of its own on DM_DEV2 is mounted and unmounted by children, in
 * every way there is, and the test answers.  Every test begins and ends with it
 * unmounted.
 */
#ifndef DMAPI_TEST_MOUNTING_H
#define DMAPI_TEST_MOUNTING_H

#include <linux/mount.h>
#include <sched.h>
#include <sys/vfs.h>

#include "common.h"

#define SOON	15000		/* ms: what must happen */
#define QUIET	60		/* ms: what must not */
#define DIR	"/mnt/mount"
#define BIND	"/mnt/mount.bind"
#define OPTIONS	"dmapi"

#ifndef FSMOUNT_NAMESPACE
#define FSMOUNT_NAMESPACE	0x00000002
#endif

static char dev[100];

static void __attribute__((constructor)) world_make(void)
{
	const char *s = getenv("DM_DEV2");
	char cmd[300];

	if (!s) {
		printf("Bail out! DM_DEV2 is not set\n");
		exit(1);
	}
	snprintf(dev, sizeof(dev), "%s", s);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s %s && mkfs.xfs -q -f %s", DIR,
		 BIND, dev);
	/* What is mounted here must not spread. */
	if (system(cmd) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		printf("Bail out! no file system\n");
		exit(1);
	}
}

/* --- What a message says ----------------------------------------------------- */

/**
 * struct msg - a message, unpacked
 * @type: DMAPI_EVENT_*
 * @mode: of its structure
 * @h1: first handle, and so on; not there: length 0
 * @retcode: of struct dmapi_namesp_event
 * @payload: the structure and its variable data
 * @len: bytes there
 */
struct msg {
	int		type;
	__s32		token;
	__u32		mode;
	struct dm_handle h1, h2, root;
	char		name1[200], name2[200];
	int		retcode;
	unsigned char	payload[1024];
	__u32		len;
};

/* What @v says is in @p, up to @size bytes; a handle must be aligned. */
static inline long vardata(const unsigned char *p, __u32 len, struct dmapi_vardata v,
		    void *to, size_t size, unsigned int align)
{
	if (!v.length)
		return v.offset ? -EINVAL : 0;
	if (v.length > size || v.offset < 40 || v.offset % align ||
	    v.offset + v.length > len)
		return -EINVAL;
	memcpy(to, p + v.offset, v.length);
	return v.length;
}

static inline long handle(const unsigned char *p, __u32 len, struct dmapi_vardata v,
		   struct dm_handle *h)
{
	long n = vardata(p, len, v, h->b, sizeof(h->b), 8);

	h->len = n < 0 ? 0 : n;
	return n < 0 ? n : 0;
}

static inline long name(const unsigned char *p, __u32 len, struct dmapi_vardata v,
		 char *to, size_t size)
{
	long n = vardata(p, len, v, to, size, 1);

	return n < 0 || (n && to[n - 1]) ? -EINVAL : 0;
}

static inline long unpack_mount(struct msg *m)
{
	struct dmapi_mount_event e;
	long ret;

	if (m->len < sizeof(e))
		return -EINVAL;
	memcpy(&e, m->payload, sizeof(e));
	m->mode = e.mode;
	ret = handle(m->payload, m->len, e.handle1, &m->h1);
	ret = ret ?: handle(m->payload, m->len, e.handle2, &m->h2);
	ret = ret ?: handle(m->payload, m->len, e.roothandle, &m->root);
	ret = ret ?: name(m->payload, m->len, e.name1, m->name1, sizeof(m->name1));
	return ret ?: name(m->payload, m->len, e.name2, m->name2, sizeof(m->name2));
}

static inline long unpack(struct msg *m)
{
	struct dmapi_namesp_event e;
	long ret;

	if (m->type == DMAPI_EVENT_MOUNT)
		return unpack_mount(m);
	if (m->len < sizeof(e))
		return -EINVAL;
	memcpy(&e, m->payload, sizeof(e));
	if (e.name1.length || e.name1.offset || e.name2.length || e.name2.offset)
		return -EINVAL;
	m->mode = e.mode;
	m->retcode = e.retcode;
	ret = handle(m->payload, m->len, e.handle1, &m->h1);
	return ret ?: handle(m->payload, m->len, e.handle2, &m->h2);
}

/* The next message within @ms milliseconds, or -EAGAIN. */
static inline long next(__s32 sid, struct msg *m, int ms)
{
	struct dmapi_eventmsg head;
	unsigned char buf[1200];
	__u64 rlen;
	long ret;

	memset(m, 0, sizeof(*m));
	ret = dm_next_raw(sid, buf, sizeof(buf), &rlen, ms);
	if (ret)
		return ret;
	memcpy(&head, buf, sizeof(head));
	m->type = head.type;
	m->token = head.token;
	m->len = head.data.length;
	if (m->len > sizeof(m->payload) || head.data.offset + m->len > rlen)
		return -EINVAL;
	memcpy(m->payload, buf + head.data.offset, m->len);
	return unpack(m);
}

static inline long dontcare(__s32 sid, __s32 token)
{
	return dmapi_respond_event(sid, token, DMAPI_RESP_DONTCARE, 0, 0, NULL);
}

/* --- Mounting in a child ----------------------------------------------------- */

/**
 * struct way - a way to mount
 * @mount: on @dir, with @opts; 0 or a negated errno
 * @path: what MOUNT calls the mount point
 */
struct way {
	long		(*mount)(const char *dir, unsigned long flags,
				 const char *opts);
	const char	*path;
};

static inline long by_mount(const char *dir, unsigned long flags, const char *opts)
{
	return mount(dev, dir, "xfs", flags, opts) ? -errno : 0;
}

/* A detached mount, or a negated errno; @opts are flags, separated by commas. */
static inline int detached(unsigned long flags, const char *opts, unsigned int how)
{
	int fs = syscall(SYS_fsopen, "xfs", 1), fd = -1, err;
	char all[200], *s, *save, *eq;

	if (fs < 0)
		return -errno;
	snprintf(all, sizeof(all), "%s", opts);
	if (syscall(SYS_fsconfig, fs, 1, "source", dev, 0))
		goto out;
	for (s = strtok_r(all, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		eq = strchr(s, '=');
		if (eq)
			*eq++ = 0;
		if (syscall(SYS_fsconfig, fs, eq ? 1 : 0, s, eq, 0))
			goto out;
	}
	if ((flags & MS_RDONLY) && syscall(SYS_fsconfig, fs, 0, "ro", NULL, 0))
		goto out;
	if (!syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0))
		fd = syscall(SYS_fsmount, fs, 1 | how, 0);
out:
	err = errno;
	close(fs);
	return fd < 0 ? -err : fd;
}

static inline long attach(int fd, const char *dir)
{
	return syscall(SYS_move_mount, fd, "", AT_FDCWD, dir, 4) ? -errno : 0;
}

static inline long by_move_mount(const char *dir, unsigned long flags, const char *opts)
{
	int fd = detached(flags, opts, 0);
	long ret;

	if (fd < 0)
		return fd;
	ret = attach(fd, dir);
	close(fd);
	return ret;
}

/* A bind mount of what is not attached itself: since 6.15 or so. */
static inline long by_bind(const char *dir, unsigned long flags, const char *opts)
{
	int fd = detached(flags, opts, 0);
	char from[50];
	long ret;

	if (fd < 0)
		return fd;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	ret = mount(from, dir, NULL, MS_BIND, NULL) ? -errno : 0;
	close(fd);
	return ret;
}

/* The namespace goes with the descriptor, and so does the mount. */
static inline long by_namespace(const char *dir, unsigned long flags, const char *opts)
{
	int fd = detached(flags, opts, FSMOUNT_NAMESPACE);
	int pid, status;

	if (fd < 0)
		return fd;
	/* There it is, at the root. */
	pid = fork();
	if (!pid) {
		struct statfs st;

		_exit(setns(fd, CLONE_NEWNS) || statfs("/", &st) ||
		      st.f_type != 0x58465342 || access(dir, F_OK) == 0);
	}
	waitpid(pid, &status, 0);
	close(fd);
	return status ? -EILSEQ : 0;
}

static const struct way __attribute__((unused)) old_api = { by_mount, DIR };
static const struct way __attribute__((unused)) new_api = { by_move_mount, DIR };
static const struct way __attribute__((unused)) bound = { by_bind, DIR };
static const struct way __attribute__((unused)) name_space = { by_namespace, "/" };

struct mount_args {
	const struct way	*way;
	unsigned long		flags;
	const char		*opts;
};

static inline long mount_child(void *arg)
{
	const struct mount_args *a = arg;

	return a->way->mount(DIR, a->flags, a->opts);
}

static inline pid_t spawn_mount(const struct way *way, unsigned long flags, const char *opts)
{
	struct mount_args a = { way, flags, opts };

	return dm_spawn(mount_child, &a);
}

static inline long umount_child(void *arg)
{
	return umount2(DIR, *(int *)arg) ? -errno : 0;
}

static inline pid_t spawn_umount(int flags)
{
	return dm_spawn(umount_child, &flags);
}

static inline bool is_mounted(const char *dir)
{
	char line[1000], at[200];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %199s", at) == 1 && !strcmp(at, dir))
			found = true;
	if (f)
		fclose(f);
	return found;
}

/* Does the kernel still have the device? */
static inline bool is_free(void)
{
	int fd, i;

	/* A mount goes when whoever ended it has returned to user space. */
	for (i = 0; i < 500; i++) {
		fd = open(dev, O_RDONLY | O_EXCL | O_CLOEXEC);
		if (fd >= 0) {
			close(fd);
			return true;
		}
		dm_sleep_ms(2);
	}
	return false;
}

static inline bool shown(const char *option)
{
	char line[1000], at[200], opts[500];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %199s %*s %499s", at, opts) == 2 &&
		    !strcmp(at, DIR) && strstr(opts, option))
			found = true;
	if (f)
		fclose(f);
	return found;
}

/* What must go on while somebody waits: 0, or what does not. */
static inline long others_child(void *arg)
{
	struct statfs st;

	(void)arg;
	if (mount("none", BIND, "tmpfs", 0, NULL) || umount(BIND))
		return -errno;
	sync();
	if (statfs(dm_mnt(), &st) || statfs("/", &st))
		return -errno;
	return 0;
}

static inline long others_go_on(void)
{
	pid_t pid = dm_spawn(others_child, NULL);
	long ret = dm_wait(pid, SOON);

	if (ret == DM_RUNNING)
		kill(pid, SIGKILL);
	return ret;
}

/* Is somebody listed who waits for this? */
static inline bool waits(const char *event, const char *state)
{
	struct dm_waiter w;

	return dm_waiter(0, event, state, &w);
}

static inline bool soon_waits(const char *event, const char *state)
{
	int i;

	for (i = 0; i < SOON / 5 && !waits(event, state); i++)
		dm_sleep_ms(5);
	return i < SOON / 5;
}

/* --- Fixtures ---------------------------------------------------------------- */

static inline long want_mount(__s32 sid, bool on)
{
	struct dmapi_object o = dm_obj_global(sid);
	__u64 set = on ? DM_BIT(MOUNT) : 0;

	return dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX);
}

/* Dispositions and the event list, by the handle of a message. */
static inline long want(__s32 sid, const struct dm_handle *h, __u64 set)
{
	struct dmapi_object o = dm_obj(sid, h);
	__u64 list = set & (DM_BIT(PREUNMOUNT) | DM_BIT(UNMOUNT));
	long ret = dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX);

	return ret ? ret : dmapi_set_eventlist(&o, &list, DMAPI_EVENT_MAX);
}

static inline long want_at(__s32 sid, const char *path, __u64 set)
{
	struct dm_handle h;
	long ret = dm_fs_handle(path, &h);

	return ret ? ret : want(sid, &h, set);
}

FIXTURE(mount) {
	__s32		sid, sid2;
};

FIXTURE_SETUP(mount)
{
	ASSERT_EQ(0, dmapi_create_session(0, "mount_test", &self->sid));
	ASSERT_EQ(0, dmapi_create_session(0, "mount_test 2", &self->sid2));
	ASSERT_LT(self->sid, self->sid2);
}

FIXTURE_TEARDOWN(mount)
{
	int i;

	want_mount(self->sid, false);
	want_mount(self->sid2, false);
	dm_drain(self->sid);
	dm_drain(self->sid2);
	for (i = 0; i < 10 && (!umount2(BIND, MNT_DETACH) || !umount2(DIR, MNT_DETACH));
	     i++)
		;
	dm_drain(self->sid);
	dm_drain(self->sid2);
	EXPECT_TRUE(is_free());
	dm_drain(self->sid);
	dm_drain(self->sid2);
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid2));
}

/* Mount with nobody being asked. */
#define MOUNT_QUIETLY(opts)						\
	do {								\
		ASSERT_EQ(0, by_mount(DIR, 0, opts));			\
	} while (0)

/* The children of a way begin to wait, and this is the message. */
#define ASKED(sid, m)							\
	do {								\
		ASSERT_EQ(0, next(sid, m, SOON));			\
		ASSERT_EQ(DMAPI_EVENT_MOUNT, (m)->type);		\
	} while (0)

#endif /* DMAPI_TEST_MOUNTING_H */
