// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that change hands
 *
 * Whoever waits for the answer must not notice that another session gives it,
 * and what is moved is in one place at a time, whoever else moves it, answers it
 * or dies.
 */
#include "user.h"

/* A message that is outstanding in a session, without anybody who waits. */
static __s32 note(__s32 sid)
{
	__s32 t = 0;

	return dmapi_create_userevent(sid, 6, "a note", &t) ? 0 : t;
}

TEST_F(user, moved)
{
	pid_t pid = send_sync(self->sid, self->data, 5000);
	__s32 t, rt = 0, first;
	struct dm_waiter w;
	__u32 sequence;

	first = note(self->sid2);
	ASSERT_EQ(0, get(self->sid, SOON));
	t = got.head.token;
	sequence = got.head.sequence;
	ASSERT_EQ(0, dmapi_move_event(self->sid, t, self->sid2, &rt));
	EXPECT_EQ(t, rt);

	/* It is not there any more, */
	EXPECT_EQ(0, ntokens(self->sid));
	EXPECT_EQ(-EINVAL, find(self->sid, t));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, t));
	EXPECT_EQ(-ESRCH, dmapi_pending(self->sid, t, 1, 0));
	EXPECT_EQ(-ENOENT, dmapi_move_event(self->sid, t, self->sid2, &rt));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;

	/* but here, the same. */
	EXPECT_EQ(2, ntokens(self->sid2));
	EXPECT_TRUE(has_token(self->sid2, t));
	EXPECT_EQ(-EAGAIN, get(self->sid2, 0));
	ASSERT_EQ(0, find(self->sid2, rt));
	EXPECT_EQ(t, got.head.token);
	EXPECT_EQ(sequence, got.head.sequence);
	EXPECT_EQ(5000, got.head.data.length);
	EXPECT_EQ(0, memcmp(got.data, self->data, 5000));
	ASSERT_TRUE(waits(pid, "delivered", &w));
	EXPECT_EQ(self->sid2, w.sid);
	EXPECT_EQ(rt, w.token);
	EXPECT_EQ(0, dm_continue(self->sid2, first));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid2));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_abort(self->sid2, rt, EXDEV));
	EXPECT_EQ(-EXDEV, dm_wait(pid, SOON));
	EXPECT_EQ(0, ntokens(self->sid2));
}

TEST_F(user, moved_to_itself)
{
	__s32 a = note(self->sid), b = note(self->sid), rt = 0, tokens[2];
	__u32 n = 0;

	ASSERT_LT(0, a);
	ASSERT_EQ(0, dmapi_move_event(self->sid, a, self->sid, &rt));
	EXPECT_EQ(a, rt);
	ASSERT_EQ(0, dmapi_getall_tokens(self->sid, 2, tokens, &n));
	ASSERT_EQ(2, n);
	EXPECT_EQ(a, tokens[0]);
	EXPECT_EQ(b, tokens[1]);
	EXPECT_EQ(0, dm_continue(self->sid, a));
	EXPECT_EQ(0, dm_continue(self->sid, b));
}

/* Nothing is moved, and nothing is told. */
TEST_F(user, move_errors)
{
	__s32 sid = self->sid, to = self->sid2, t = note(sid), theirs = note(to);
	__s32 rt = 77, *ro = read_only(), old;
	struct dmapi_move_event a = {
		.sid = sid, .token = t, .targetsid = to, .pad = 1,
		.rtokenp = DM_PTR(&rt),
	};
	struct dm_waiter w;
	pid_t pid;

	ASSERT_LT(0, t);
#define REFUSED(err, ...) \
	EXPECT_EQ(-(err), dmapi_move_event(__VA_ARGS__))
	REFUSED(EINVAL, 0, t, to, &rt);
	REFUSED(EINVAL, -1, t, to, &rt);
	REFUSED(EINVAL, INT_MAX, t, to, &rt);
	REFUSED(EINVAL, sid, t, 0, &rt);
	REFUSED(EINVAL, sid, t, -1, &rt);
	REFUSED(EINVAL, sid, t, INT_MAX, &rt);
	REFUSED(EINVAL, sid, 0, to, &rt);
	REFUSED(EINVAL, sid, DMAPI_NO_TOKEN, to, &rt);
	REFUSED(EINVAL, sid, INT_MIN, to, &rt);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_MOVE_EVENT, a));
	REFUSED(ENOENT, sid, INT_MAX, to, &rt);
	REFUSED(ENOENT, sid, theirs, to, &rt);
	REFUSED(ENOENT, to, t, sid, &rt);
	EXPECT_EQ(77, rt);
	REFUSED(EFAULT, sid, t, to, NULL);
	REFUSED(EFAULT, sid, t, to, DM_BAD_PTR);
	REFUSED(EFAULT, sid, t, to, ro);
	REFUSED(EFAULT, sid, t, sid, NULL);
	EXPECT_TRUE(has_token(sid, t));
	EXPECT_FALSE(has_token(to, t));

	/* Unread, and answered */
	pid = send_sync(sid, "x", 1);
	ASSERT_TRUE(waits(pid, "queued", &w));
	REFUSED(ENOENT, sid, w.token, to, &rt);
	REFUSED(ENOENT, sid, w.token, sid, &rt);
	ASSERT_EQ(0, get(sid, 0));
	EXPECT_EQ(0, dm_continue(sid, w.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	REFUSED(ENOENT, sid, w.token, to, &rt);

	/* Ids that died */
	old = to;
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid2));
	REFUSED(EINVAL, sid, t, old, &rt);
	REFUSED(EINVAL, old, theirs, sid, &rt);
	old = sid;
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	REFUSED(EINVAL, old, t, self->sid2, &rt);
	REFUSED(EINVAL, self->sid, t, old, &rt);
	EXPECT_EQ(77, rt);
	EXPECT_TRUE(has_token(self->sid, t));
	EXPECT_EQ(0, dmapi_move_event(self->sid, t, self->sid2, &rt));
	EXPECT_EQ(t, rt);
#undef REFUSED
}

/* What was moved is assumed with its new session, not with its old one. */
TEST_F(user, moved_and_assumed)
{
	pid_t pid = send_sync(self->sid, "x", 1);
	__s32 old, t, rt;

	ASSERT_EQ(0, get(self->sid, SOON));
	t = got.head.token;
	ASSERT_EQ(0, dmapi_move_event(self->sid, t, self->sid2, &rt));
	old = self->sid;
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EXPECT_EQ(0, ntokens(self->sid));
	old = self->sid2;
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid2));
	EXPECT_TRUE(has_token(self->sid2, t));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_continue(self->sid2, t));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* --- Whose generator is an operation ------------------------------------------ */

#define SIZE		(2 * DM_GRANULE)

static long offline(struct dm_file *f, __s32 sid, const char *dir)
{
	long ret = dm_make_file(f, sid, dir, "f", SIZE);

	if (!ret)
		ret = dm_make_offline(&f->o);
	return ret ? ret : dm_want(sid, DM_BIT(READ));
}

TEST_F(user, reader)
{
	struct dmapi_object o;
	struct dm_file f;
	struct dm_event e;
	struct dm_waiter w;
	__s32 rt = 0;
	char buf[8];
	pid_t pid;

	ASSERT_EQ(0, offline(&f, self->sid, self->dir));
	pid = dm_spawn_read(f.path, 0, SIZE);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DMAPI_EVENT_READ, e.type);
	ASSERT_EQ(0, dmapi_move_event(self->sid, e.token, self->sid2, &rt));
	ASSERT_TRUE(waits(pid, "delivered", &w));
	EXPECT_STREQ("READ", w.event);
	EXPECT_EQ(self->sid2, w.sid);

	/* The first session has nothing to do with it any more. */
	o = dm_obj_token(f.o, rt);
	EXPECT_EQ(-ESRCH, dmapi_read_invis(&o, 0, sizeof(buf), buf));
	EXPECT_EQ(-ESRCH, dm_recall(&o, 0, SIZE));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, rt));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));

	o.sid = self->sid2;
	ASSERT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_EXCL));
	EXPECT_EQ(0, dm_recall(&o, 0, SIZE));
	EXPECT_EQ(0, dm_continue(self->sid2, rt));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(user, reader_aborted)
{
	struct dm_file f;
	struct dm_event e;
	__s32 rt = 0;
	pid_t pid;

	ASSERT_EQ(0, offline(&f, self->sid, self->dir));
	pid = dm_spawn_read(f.path, 0, SIZE);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, dmapi_move_event(self->sid, e.token, self->sid2, &rt));
	EXPECT_EQ(0, dm_abort(self->sid2, rt, EXDEV));
	EXPECT_EQ(-EXDEV, dm_wait(pid, SOON));
}

/*
 * The reader dies when the session that had its event does not exist any more.
 * Who is to answer it now hears of that.
 */
TEST_F(user, reader_killed)
{
	struct dmapi_cancel_event c;
	struct dm_file f;
	struct dm_event e;
	__s32 rt = 0;
	pid_t pid;

	ASSERT_EQ(0, offline(&f, self->sid, self->dir));
	pid = dm_spawn_read(f.path, 0, SIZE);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, dmapi_move_event(self->sid, e.token, self->sid2, &rt));
	ASSERT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;
	ASSERT_EQ(0, dm_want(self->sid2, DM_BIT(CANCEL)));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	ASSERT_EQ(0, get(self->sid2, SOON));
	EXPECT_EQ(DMAPI_EVENT_CANCEL, got.head.type);
	ASSERT_EQ(sizeof(c), got.head.data.length);
	memcpy(&c, got.data, sizeof(c));
	EXPECT_EQ(rt, c.token);
	EXPECT_EQ(e.sequence, c.sequence);
	EXPECT_EQ(1, ntokens(self->sid2));
	EXPECT_EQ(0, dm_continue(self->sid2, rt));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid2, rt));
}

/* --- Races ------------------------------------------------------------------------ */

struct racer {
	pthread_barrier_t *barrier;
	__s32		from, to, token;
	bool		*stop;
	long		ret;
};

/* Is the race over?  LOOP_SECONDS is how long each takes. */
static bool later(const struct timespec *t0)
{
	const char *s = getenv("LOOP_SECONDS");
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec - t0->tv_sec + (t.tv_nsec - t0->tv_nsec) / 1e9 >= (s ? atof(s) : 1.5);
}

static void *move_once(void *arg)
{
	struct racer *r = arg;
	__s32 rt;

	pthread_barrier_wait(r->barrier);
	r->ret = dmapi_move_event(r->from, r->token, r->to, &rt);
	return NULL;
}

static void *answer_once(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->barrier);
	r->ret = dm_abort(r->from, r->token, EXDEV);
	return NULL;
}

/* Two sessions want it: one gets it. */
TEST_F_TIMEOUT(user, two_movers, 90)
{
	pthread_barrier_t barrier;
	struct racer r[2] = { };
	struct timespec t0;
	pthread_t th[2];
	__s32 sid3, t;
	int i;

	ASSERT_EQ(0, dmapi_create_session(0, "three", &sid3));
	pthread_barrier_init(&barrier, NULL, 2);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	while (!later(&t0)) {
		t = note(self->sid);
		ASSERT_LT(0, t);
		for (i = 0; i < 2; i++) {
			r[i].barrier = &barrier;
			r[i].from = self->sid;
			r[i].to = i ? sid3 : self->sid2;
			r[i].token = t;
			ASSERT_EQ(0, pthread_create(&th[i], NULL, move_once, &r[i]));
		}
		for (i = 0; i < 2; i++)
			pthread_join(th[i], NULL);
		i = r[1].ret ? 0 : 1;
		ASSERT_EQ(0, r[i].ret);
		ASSERT_EQ(-ENOENT, r[!i].ret);
		ASSERT_EQ(0, ntokens(self->sid));
		ASSERT_EQ(0, ntokens(r[!i].to));
		ASSERT_EQ(1, ntokens(r[i].to));
		ASSERT_EQ(0, dm_continue(r[i].to, t));
	}
	EXPECT_EQ(0, dmapi_destroy_session(sid3));
}

/* It is answered here, or moved. */
TEST_F_TIMEOUT(user, mover_and_responder, 90)
{
	pthread_barrier_t barrier;
	struct racer r[2] = { };
	struct timespec t0;
	pthread_t th[2];
	pid_t pid;
	int i;

	pthread_barrier_init(&barrier, NULL, 2);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	while (!later(&t0)) {
		pid = send_sync(self->sid, "x", 1);
		ASSERT_EQ(0, get(self->sid, SOON));
		for (i = 0; i < 2; i++) {
			r[i].barrier = &barrier;
			r[i].from = self->sid;
			r[i].to = self->sid2;
			r[i].token = got.head.token;
			ASSERT_EQ(0, pthread_create(&th[i], NULL,
						    i ? answer_once : move_once, &r[i]));
		}
		for (i = 0; i < 2; i++)
			pthread_join(th[i], NULL);
		if (!r[1].ret) {
			ASSERT_EQ(-ENOENT, r[0].ret);
			ASSERT_EQ(0, ntokens(self->sid2));
		} else {
			ASSERT_EQ(-ESRCH, r[1].ret);
			ASSERT_EQ(0, r[0].ret);
			ASSERT_EQ(DM_RUNNING, dm_wait(pid, 0));
			ASSERT_EQ(0, dm_abort(self->sid2, got.head.token, EXDEV));
		}
		ASSERT_EQ(-EXDEV, dm_wait(pid, SOON));
		ASSERT_EQ(0, ntokens(self->sid));
	}
}

static void *move_on(void *arg)
{
	struct racer *r = arg;
	__s32 rt;

	while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED))
		if (!dmapi_move_event(r->from, r->token, r->to, &rt))
			r->ret++;
	return NULL;
}

/*
 * To and fro, while the sender dies and somebody answers, and while others look
 * who waits.
 */
TEST_F_TIMEOUT(user, to_and_fro, 90)
{
	struct timespec t0;
	long moves = 0;
	int n = 0, i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	while (!later(&t0)) {
		pid_t pid = send_sync(self->sid, "x", 1);
		bool killed = ++n % 2, stop = false;
		struct racer r[2] = { };
		pthread_t th[2];
		struct dm_waiter w;
		__s32 t;
		long ret;

		ASSERT_EQ(0, get(self->sid, SOON));
		t = got.head.token;
		for (i = 0; i < 2; i++) {
			r[i].from = i ? self->sid2 : self->sid;
			r[i].to = i ? self->sid : self->sid2;
			r[i].token = t;
			r[i].stop = &stop;
			ASSERT_EQ(0, pthread_create(&th[i], NULL, move_on, &r[i]));
		}
		for (i = 0; i < 20; i++) {
			if (!dm_waiter(pid, NULL, NULL, &w) ||
			    (w.sid != self->sid && w.sid != self->sid2))
				break;
		}
		EXPECT_EQ(20, i);
		if (killed)
			kill(pid, SIGKILL);
		/* Wherever it is. */
		for (i = 0; (ret = dm_abort(i % 2 ? self->sid2 : self->sid, t, EXDEV)); i++)
			if (ret != -ESRCH || i > 100000)
				break;
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < 2; i++) {
			pthread_join(th[i], NULL);
			moves += r[i].ret;
		}
		ASSERT_EQ(0, ret);
		ret = dm_wait(pid, SOON);
		ASSERT_TRUE(ret == -EXDEV || (killed && ret == DM_SIGNALLED));
		ASSERT_EQ(0, ntokens(self->sid));
		ASSERT_EQ(0, ntokens(self->sid2));
	}
	EXPECT_LT(0, moves);
	TH_LOG("%d messages, %ld moves", n, moves);
}

/* A session that gets messages is assumed and destroyed: none is lost. */
TEST_F_TIMEOUT(user, to_a_session_that_goes, 90)
{
	pthread_barrier_t barrier;
	struct timespec t0;
	long moved = 0, n = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	while (!later(&t0)) {
		struct racer r = {
			.barrier = &barrier, .from = self->sid, .to = self->sid2,
			.token = note(self->sid),
		};
		__s32 old = self->sid2;
		bool assume = n++ % 2;
		pthread_t th;
		long ret;

		ASSERT_EQ(0, pthread_create(&th, NULL, move_once, &r));
		pthread_barrier_wait(&barrier);
		if (assume)
			ret = dmapi_create_session(old, "heir", &self->sid2);
		else
			ret = dmapi_destroy_session(old);
		pthread_join(th, NULL);
		if (!r.ret) {
			/* Before it was assumed, or instead of its end. */
			ASSERT_EQ(assume ? 0 : -EBUSY, ret);
			ASSERT_TRUE(has_token(self->sid2, r.token));
			ASSERT_EQ(0, dm_continue(self->sid2, r.token));
			moved++;
		} else {
			ASSERT_EQ(-EINVAL, r.ret);
			ASSERT_EQ(0, ret);
			ASSERT_EQ(0, dm_continue(self->sid, r.token));
			if (!assume)
				ASSERT_EQ(0, dmapi_create_session(0, "two", &self->sid2));
		}
	}
	TH_LOG("%ld tries, %ld moves", n, moved);
}

TEST_HARNESS_MAIN
