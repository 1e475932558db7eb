// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers: who has no privilege but a descriptor, and what he can do with it
 *
 *	DM_DEV2		a device to use up
 */
#include "common.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define SIZE	(2 * DM_GRANULE + 100)
#define UID	4711
#define OTHER	"/mnt/other"
#define SOON	15000		/* ms */

FIXTURE(worker) {
	DM_FIXTURE_FIELDS;
	struct dm_file		f;
	struct dm_handle	fs;
	int			fd;	/* for workers on @fs */
};

FIXTURE_SETUP(worker)
{
	long ret = dmapi_get_version();
	struct dmapi_object o;
	__u64 set = DM_BIT(READ);

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, _metadata->name, &self->sid));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->fs));
	o = dm_obj(self->sid, &self->fs);
	ASSERT_EQ(0, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	self->fd = dmapi_open_session(self->sid, DMAPI_FD_WORKER, 1,
				      self->fs.b);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(worker)
{
	close(self->fd);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

typedef FIXTURE_DATA(worker) worker;

/* --- Somebody without privilege ---------------------------------------------- */

/* A user, who has no capability and no group. */
static long become_user(void)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (setgroups(0, NULL) || setresgid(UID, UID, UID) ||
	    setresuid(UID, UID, UID))
		return -errno;
	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	return data[0].effective | data[1].effective ? -EIO : 0;
}

/* All capabilities there are, in a user namespace. */
static long become_contained(void)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (unshare(CLONE_NEWUSER))
		return -errno;
	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	return data[0].effective & (1U << CAP_SYS_ADMIN) ? 0 : -EIO;
}

static long send_fd(int sock, int fd)
{
	char c = 0, control[CMSG_SPACE(sizeof(int))] = { };
	struct iovec iov = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char c, control[CMSG_SPACE(sizeof(int))] = { };
	struct iovec iov = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* --- What it is for ------------------------------------------------------------ */

FIXTURE_VARIANT(worker) {
	long	(*become)(void);
};

FIXTURE_VARIANT_ADD(worker, user) {
	.become = become_user,
};

FIXTURE_VARIANT_ADD(worker, contained) {
	.become = become_contained,
};

struct child {
	const worker	*t;
	long		(*become)(void);
	long		(*run)(const struct child *c);
	__s32		sid;		/* or what stands for it */
	int		sock;		/* where the descriptor comes from */
	struct dm_handle h;
	__s32		token;
};

static long child_main(void *arg)
{
	struct child *c = arg;
	long ret = c->become();

	if (ret)
		return ret;
	if (c->sock >= 0) {
		int fd = receive_fd(c->sock);

		if (fd < 0)
			return -EBADF;
		c->sid = DMAPI_SID_FD(fd);
	}
	return c->run(c);
}

/* The result of a function without privilege; _c can be changed for it. */
#define AS(run_, ...)							\
	({								\
		struct child _c = {					\
			.t = self, .become = variant->become,		\
			.run = run_, .sock = -1,			\
			.sid = DMAPI_SID_FD(self->fd), .h = self->f.h,	\
		};							\
		__VA_ARGS__;						\
		dm_wait(dm_spawn(child_main, &_c), SOON);		\
	})

/* Wait for an event, bring all of the file back, and answer. */
static long recall(const struct child *c)
{
	struct dm_event e;
	struct dmapi_object o;
	__u64 rlen, val;
	char buf[256];
	__u32 n;
	long ret;

	ret = dmapi_get_events(c->sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf, &rlen);
	if (ret)
		return ret;
	dm_unpack(buf, &e);
	if (e.type != DMAPI_EVENT_READ)
		return -EPROTO;
	if (dmapi_find_eventmsg(c->sid, e.token, sizeof(buf), buf, &rlen) ||
	    dmapi_pending(c->sid, e.token, 1, 0) ||
	    dmapi_getall_tokens(c->sid, 1, (__s32 *)buf, &n) || n != 1)
		return -ENOMSG;
	o = dm_obj(c->sid, &e.h);
	ret = dmapi_set_dmattr(&o, "worker", 0, sizeof(val), &e);
	if (!ret)
		ret = dmapi_get_dmattr(&o, "worker", sizeof(val), &val, &rlen);
	o = dm_obj_token(o, e.token);
	if (!ret)
		ret = dmapi_request_right(&o, 0, DMAPI_RIGHT_EXCL);
	if (!ret)
		ret = dm_recall(&o, 0, SIZE);
	return ret ? ret : dm_continue(c->sid, e.token);
}

/* From end to end, with a descriptor that was there before, */
TEST_F(worker, recalls)
{
	struct child c = {
		.t = self, .become = variant->become, .run = recall, .sock = -1,
		.sid = DMAPI_SID_FD(self->fd),
	};
	pid_t reader, pid;

	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	pid = dm_spawn(child_main, &c);
	dm_sleep_ms(50);
	reader = dm_spawn_read(self->f.path, 0, SIZE);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_wait(reader, SOON));
}

/* and with one that comes through a socket. */
TEST_F(worker, recalls_with_what_it_was_sent)
{
	struct child c = { .t = self, .become = variant->become, .run = recall };
	pid_t reader, pid;
	int sock[2], fd = self->fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	c.sock = sock[0];
	self->fd = -1;
	close(fd);
	pid = dm_spawn(child_main, &c);
	fd = dmapi_open_session(self->sid, DMAPI_FD_WORKER, 1, self->fs.b);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_fd(sock[1], fd));
	close(fd);
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	reader = dm_spawn_read(self->f.path, 0, SIZE);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_wait(reader, SOON));
}

/* --- What it is not for --------------------------------------------------------- */

static const unsigned int allowed[] = {
	DMAPI_FIND_EVENTMSG, DMAPI_GET_EVENTS, DMAPI_GETALL_TOKENS,
	DMAPI_PENDING, DMAPI_RESPOND_EVENT, DMAPI_RESPOND_EVENTS,

	DMAPI_GET_ALLOCINFO, DMAPI_GET_CHANGE, DMAPI_GET_DIOINFO,
	DMAPI_GET_REGION, DMAPI_PROBE_HOLE, DMAPI_PUNCH_HOLE, DMAPI_PUNCH_IF,
	DMAPI_READ_INVIS, DMAPI_SET_REGION, DMAPI_SET_RESIDENT, DMAPI_STAGE,
	DMAPI_SYNC_BY_HANDLE, DMAPI_WRITE_INVIS,

	DMAPI_GET_DMATTR, DMAPI_GETALL_DMATTR, DMAPI_GET_FILEATTR,
	DMAPI_REMOVE_DMATTR, DMAPI_SET_DMATTR,

	DMAPI_DOWNGRADE_RIGHT, DMAPI_QUERY_RIGHT, DMAPI_RELEASE_RIGHT,
	DMAPI_REQUEST_RIGHT, DMAPI_UPGRADE_RIGHT,
};

/* Every operation that there is or might be, with arguments that do nothing. */
static long walk(__s32 sid, bool none)
{
	struct {
		__s32	sid;
		char	rest[252];
	} a;
	unsigned int op, i;

	for (op = 0; op < 0x400; op++) {
		bool want = false;
		long ret;

		for (i = 0; i < ARRAY_SIZE(allowed) && !none; i++)
			want |= allowed[i] == op;
		memset(&a, 0, sizeof(a));
		a.sid = sid;
		ret = sys_dmapi(op, &a, sizeof(a), 0);
		if ((ret != -EPERM) == want)
			continue;
		printf("# op %u: %ld\n", op, ret);
		fflush(stdout);
		return -EILSEQ;
	}
	return 0;
}

static long walk_worker(const struct child *c)
{
	return walk(c->sid, false);
}

static long walk_nothing(const struct child *c)
{
	return walk(c->sid, true);
}

TEST_F(worker, operations)
{
	int other = dmapi_session_fd(self->sid);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, AS(walk_worker));
	/* No other name of the session will do. */
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = self->sid));
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = DMAPI_SID_FD(other)));
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = DMAPI_NO_SESSION));
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = DMAPI_SID_FD(0)));
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = DMAPI_SID_FD(1000)));
	EXPECT_EQ(0, AS(walk_nothing, _c.sid = INT_MIN));
	close(other);
}

/* The limits are the descriptor's, whoever uses it. */
TEST_F(worker, root_is_limited_too)
{
	struct dmapi_object o = dm_obj(DMAPI_SID_FD(self->fd), &self->fs);
	__u64 set = DM_BIT(READ);
	__s32 token;

	EXPECT_EQ(-EPERM, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EPERM, dmapi_create_userevent(DMAPI_SID_FD(self->fd), 0, NULL,
						 &token));
	EXPECT_EQ(-EPERM, dmapi_session_fd(DMAPI_SID_FD(self->fd)));
	EXPECT_EQ(-EPERM, dmapi_destroy_session(DMAPI_SID_FD(self->fd)));
}

/* An ordinary descriptor stands for the session, where there is privilege. */
TEST_F(worker, ordinary_descriptor)
{
	int fd = dmapi_session_fd(self->sid);
	struct dmapi_object o = dm_obj(DMAPI_SID_FD(fd), &self->fs);
	__u64 set = DM_BIT(READ), rlen;
	struct dm_event e;
	char buf[256];
	__s32 token;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, dmapi_query_session(DMAPI_SID_FD(fd), sizeof(buf), buf,
					 &rlen));
	EXPECT_EQ(0, dmapi_create_userevent(DMAPI_SID_FD(fd), 0, NULL, &token));
	EXPECT_EQ(-EAGAIN, dm_next(DMAPI_SID_FD(fd), &e, 0));
	EXPECT_EQ(0, dm_continue(DMAPI_SID_FD(fd), token));
	/* Others that are none */
	EXPECT_EQ(-EINVAL, dm_next(DMAPI_SID_FD(0), &e, 0));
	EXPECT_EQ(-EINVAL, dm_next(DMAPI_SID_FD(1000), &e, 0));
	EXPECT_EQ(-EINVAL, dm_next(INT_MIN, &e, 0));
	close(fd);
	EXPECT_EQ(-EINVAL, dm_next(DMAPI_SID_FD(fd), &e, 0));
}

static long use_fs_handle(const struct child *c)
{
	struct dmapi_object o = dm_obj_token(dm_obj(c->sid, &c->t->fs), c->token);
	__u32 right;

	return dmapi_query_right(&o, &right);
}

static long probe(const struct child *c)
{
	struct dmapi_object o = dm_obj(c->sid, &c->h);
	__s64 off;
	__u64 len;

	return dmapi_probe_hole(&o, 0, 0, &off, &len);
}

static long next_event(const struct child *c)
{
	struct dm_event e;

	return dm_next(c->sid, &e, 0);
}

TEST_F(worker, not_the_file_system_itself)
{
	struct dm_event e;
	pid_t pid;

	EXPECT_EQ(0, AS(probe));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn_read(self->f.path, 0, 100);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(-EPERM, AS(use_fs_handle, _c.token = e.token));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(worker, ends_with_the_session)
{
	__s32 sid;
	int fd;

	EXPECT_EQ(-EAGAIN, AS(next_event));
	ASSERT_EQ(0, dmapi_create_session(self->sid, "successor", &self->sid));
	EXPECT_EQ(-EINVAL, AS(next_event));
	EXPECT_EQ(-EINVAL, AS(probe));
	/* It is for workers nevertheless. */
	EXPECT_EQ(0, AS(walk_worker));

	ASSERT_EQ(0, dmapi_create_session(0, "x", &sid));
	fd = dmapi_open_session(sid, DMAPI_FD_WORKER, 1, self->fs.b);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, AS(next_event, _c.sid = DMAPI_SID_FD(fd)));
	ASSERT_EQ(0, dmapi_destroy_session(sid));
	EXPECT_EQ(-EINVAL, AS(next_event, _c.sid = DMAPI_SID_FD(fd)));
	close(fd);
}

/* A right keeps an object in memory: of one token there are 64. */
TEST_F(worker, has_few_rights)
{
	struct dm_event e;
	struct dm_file f;
	struct dmapi_object o;
	char name[20];
	pid_t pid;
	int i;

	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn_read(self->f.path, 0, 100);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	for (i = 0; i <= 65; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, name, 0));
		o = dm_obj_token(dm_obj(DMAPI_SID_FD(self->fd), &f.h), e.token);
		EXPECT_EQ(i < 64 ? 0 : -ENOSPC,
			  dmapi_request_right(&o, 0, DMAPI_RIGHT_SHARED));
	}
	o.sid = self->sid;
	EXPECT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_SHARED));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(worker, descriptor_errors)
{
	struct dmapi_session_fd a = {
		.sid = self->sid, .flags = DMAPI_FD_WORKER, .nfs = 1,
		.fsp = DM_PTR(self->fs.b), .pad = 1,
	};
	unsigned char many[65 * DMAPI_FSHANDLE_LEN];
	struct dmapi_session old = { .sid = self->sid, .flags = DMAPI_FD_WORKER };
	int i, fd;

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SESSION_FD, a));
	for (i = 2; i < 32; i++)
		EXPECT_EQ(-EINVAL, dmapi_open_session(self->sid, 1U << i, 0, NULL));
	EXPECT_EQ(-EINVAL, dmapi_open_session(self->sid, 0, 1, self->fs.b));
	EXPECT_EQ(-EINVAL, dmapi_open_session(self->sid, 0, 0, self->fs.b));
	EXPECT_EQ(-EINVAL, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 0,
					      self->fs.b));
	EXPECT_EQ(-EINVAL, dmapi_open_session(0, DMAPI_FD_WORKER, 1, self->fs.b));
	EXPECT_EQ(-EFAULT, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 1,
					      DM_BAD_PTR));
	EXPECT_EQ(-EFAULT, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 1,
					      NULL));
	for (i = 0; i < 65; i++)
		memcpy(many + i * DMAPI_FSHANDLE_LEN, self->fs.b,
		       DMAPI_FSHANDLE_LEN);
	EXPECT_EQ(-EINVAL, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 65,
					      many));
	fd = dmapi_open_session(self->sid, DMAPI_FD_WORKER, 64, many);
	EXPECT_LE(0, fd);
	close(fd);
	memset(many + 8, 0, 8);
	EXPECT_EQ(-EBADF, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 2, many));
	memset(many + 8, 0x5a, 8);
	EXPECT_EQ(-EBADF, dmapi_open_session(self->sid, DMAPI_FD_WORKER, 2, many));

	/* The structure as it was first */
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SESSION_FD, old));
	old.flags = 0;
	fd = DM_CALL(DMAPI_SESSION_FD, old);
	EXPECT_LE(0, fd);
	close(fd);
}

/* --- Another file system -------------------------------------------------------- */

static long answer(const struct child *c)
{
	return dm_continue(c->sid, c->token);
}

static long answer_many(const struct child *c)
{
	struct dmapi_response r = {
		.token = c->token, .response = DMAPI_RESP_CONTINUE,
	};
	__u32 n;
	long ret = dmapi_respond_events(c->sid, 1, &r, &n);

	return ret ? ret : -r.error;
}

static long delay(const struct child *c)
{
	return dmapi_pending(c->sid, c->token, 1, 0);
}

static long find(const struct child *c)
{
	char buf[256];
	__u64 rlen;

	return dmapi_find_eventmsg(c->sid, c->token, sizeof(buf), buf, &rlen);
}

/* Its token, with a file of ours */
static long borrow(const struct child *c)
{
	struct dmapi_object o = dm_obj_token(dm_obj(c->sid, &c->h), c->token);
	__u32 right;

	return dmapi_query_right(&o, &right);
}

static long count_tokens(const struct child *c)
{
	__s32 tokens[8];
	__u32 n;
	long ret = dmapi_getall_tokens(c->sid, 8, tokens, &n);

	return ret ? ret : n ? -ENOTEMPTY : 0;
}

static long wait_event(void *arg)
{
	char buf[256];
	struct dm_event e;
	__u64 rlen;
	__s32 sid = *(__s32 *)arg;
	long ret = dmapi_get_events(sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf,
				    &rlen);

	if (ret)
		return ret;
	dm_unpack(buf, &e);
	return dm_continue(sid, e.token);
}

static bool is_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

/* A session can have more file systems than one of its workers. */
TEST_F(worker, other_file_system)
{
	const char *dev = getenv("DM_DEV2");
	__s32 sid = self->sid, worker_sid = DMAPI_SID_FD(self->fd);
	__u64 set = DM_BIT(READ);
	struct dm_handle fs;
	struct dmapi_object o;
	struct dm_file f;
	struct dm_event e;
	char cmd[500];
	pid_t theirs, ours, root, work;
	__s32 token;

	ASSERT_NE(NULL, dev);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s && mkfs.xfs -q -f %s", OTHER, dev);
	ASSERT_EQ(0, system(cmd));
	ASSERT_EQ(0, mount(dev, OTHER, "xfs", 0, "dmapi"));
	ASSERT_EQ(0, dm_fs_handle(OTHER, &fs));
	o = dm_obj(self->sid, &fs);
	ASSERT_EQ(0, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, OTHER, "f", SIZE));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));

	EXPECT_EQ(-EPERM, AS(probe, _c.h = f.h));
	EXPECT_EQ(0, AS(probe));

	/* Unread, it is not there. */
	theirs = dm_spawn_read(f.path, 0, 100);
	dm_sleep_ms(100);
	EXPECT_EQ(-EAGAIN, AS(next_event));
	EXPECT_FALSE(is_ready(self->fd));

	/* Behind it there is one. */
	ours = dm_spawn_read(self->f.path, 0, 100);
	dm_sleep_ms(100);
	EXPECT_TRUE(is_ready(self->fd));
	ASSERT_EQ(0, dm_next(worker_sid, &e, SOON));
	EXPECT_EQ(0, memcmp(e.h.b, self->f.h.b, DMAPI_HANDLE_LEN));
	EXPECT_EQ(-EAGAIN, AS(next_event));
	EXPECT_EQ(0, AS(answer, _c.token = e.token));
	EXPECT_EQ(0, dm_wait(ours, SOON));

	/* Read, it is somebody else's. */
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, memcmp(e.h.b, f.h.b, DMAPI_HANDLE_LEN));
	EXPECT_EQ(-ESRCH, AS(answer, _c.token = e.token));
	EXPECT_EQ(-ESRCH, AS(answer_many, _c.token = e.token));
	EXPECT_EQ(-ESRCH, AS(delay, _c.token = e.token));
	EXPECT_EQ(-EINVAL, AS(find, _c.token = e.token));
	EXPECT_EQ(-ESRCH, AS(borrow, _c.token = e.token));
	EXPECT_EQ(0, AS(count_tokens));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(theirs, SOON));

	/* So is what is about no file system. */
	ASSERT_EQ(0, dmapi_create_userevent(self->sid, 0, NULL, &token));
	EXPECT_EQ(-ESRCH, AS(answer, _c.token = token));
	EXPECT_EQ(0, AS(count_tokens));
	EXPECT_EQ(0, dm_continue(self->sid, token));

	/* Who is woken for what he may not have is not in the way of who may. */
	work = dm_spawn(wait_event, &worker_sid);
	dm_sleep_ms(50);
	root = dm_spawn(wait_event, &sid);
	dm_sleep_ms(50);
	theirs = dm_spawn_read(f.path, 0, 100);
	EXPECT_EQ(0, dm_wait(theirs, SOON));
	EXPECT_EQ(0, dm_wait(root, SOON));
	ours = dm_spawn_read(self->f.path, 0, 100);
	EXPECT_EQ(0, dm_wait(ours, SOON));
	EXPECT_EQ(0, dm_wait(work, SOON));

	/* With both of them it is another matter. */
	memcpy(self->fs.b + 8, fs.b, 8);
	root = dmapi_open_session(self->sid, DMAPI_FD_WORKER, 2, self->fs.b);
	EXPECT_LE(0, root);
	EXPECT_EQ(0, AS(probe, _c.h = f.h, _c.sid = DMAPI_SID_FD(root)));
	EXPECT_EQ(0, AS(probe, _c.sid = DMAPI_SID_FD(root)));
	close(root);
	EXPECT_EQ(0, umount(OTHER));
}

TEST_HARNESS_MAIN
