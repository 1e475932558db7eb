// SPDX-License-Identifier: GPL-2.0
/*
 * A storm of names
 *
 * Workers change directories of their own at random, know what each change must
 * come to, and look whether it did.  All events are raised.  The manager answers
 * at random: yes, no, late, or it dies with the answer owed, and its heir takes
 * the session over.  In the end the books must agree: every refusal reached
 * somebody, every success was told once, and nothing else was.
 *
 *	LOOP_SECONDS	how long (10)
 *	LOOP_SEED	of the choices made here
 */
#include <sys/syscall.h>

#include "names.h"
#include "offline.h"

#include "loop_dm.h"
#include "manager.h"

#define WORKERS		4
#define NAMES		8
#define REFUSED		EREMOTEIO	/* by nobody else */
#define PATIENCE	20000
#define TYPES		DMAPI_EVENT_MAX

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE	(1 << 1)
#endif

/**
 * struct book - what a worker and the manager write down; in shared memory
 * @dir: the worker's directory
 * @ops: how many changes were tried
 * @done: successes, by the event that comes before
 * @refused: refusals that arrived
 * @told: POST events without an errno, by the event before
 * @failed: POST events with one
 * @said_no: refusals that were given
 * @wrong: what went wrong first
 */
struct book {
	struct dm_handle	dir;
	unsigned long		ops;
	unsigned long		done[TYPES];
	unsigned long		refused;
	unsigned long		told[TYPES];
	unsigned long		failed;
	unsigned long		said_no;
	char			wrong[200];
};

struct storm {
	bool		stop;
	__s32		sid;
	unsigned long	deaths;
	unsigned long	strays;
	__u64		seed;
	struct book	book[WORKERS];
};

static struct storm *storm;
static uint64_t chance;

static unsigned int below(unsigned int n)
{
	return loop_below(&chance, n);
}

/* --- Workers ------------------------------------------------------------------- */

enum kind { NOTHING, FILE_, DIR_, LINK_ };

static enum kind model[NAMES];
static char name[NAMES][8];

static enum kind kind_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return NOTHING;
	return S_ISDIR(st.st_mode) ? DIR_ : S_ISLNK(st.st_mode) ? LINK_ : FILE_;
}

static long make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);

	return fd < 0 || close(fd) ? -errno : 0;
}

static long result(long ret)
{
	return ret ? -errno : 0;
}

/* One change: what it must come to, what it came to, and whether it shows. */
static bool step(struct book *b)
{
	int a = below(NAMES), c = below(NAMES), op = below(7), event;
	enum kind was_a = model[a], was_c = model[c];
	long want = 0, got;

	b->ops++;
	switch (op) {
	case 0:
		event = DMAPI_EVENT_CREATE;
		want = was_a ? -EEXIST : 0;
		got = make_file(name[a]);
		if (!got)
			model[a] = FILE_;
		break;
	case 1:
		event = DMAPI_EVENT_CREATE;
		want = was_a ? -EEXIST : 0;
		got = result(mkdir(name[a], 0700));
		if (!got)
			model[a] = DIR_;
		break;
	case 2:
		event = DMAPI_EVENT_SYMLINK;
		want = was_a ? -EEXIST : 0;
		got = result(symlink("target", name[a]));
		if (!got)
			model[a] = LINK_;
		break;
	case 3:
		event = DMAPI_EVENT_REMOVE;
		want = !was_a ? -ENOENT : 0;
		got = result(was_a == DIR_ ? rmdir(name[a]) : unlink(name[a]));
		if (!got)
			model[a] = NOTHING;
		break;
	case 4:
		event = DMAPI_EVENT_LINK;
		want = !was_a ? -ENOENT : was_c ? -EEXIST : was_a == DIR_ ? -EPERM : 0;
		got = result(link(name[a], name[c]));
		if (!got)
			model[c] = was_a;
		break;
	case 5:
		event = DMAPI_EVENT_RENAME;
		/* The same name, or two of one file: nothing is done. */
		if (a == c || (was_a == FILE_ && was_c == FILE_) ||
		    (was_a == LINK_ && was_c == LINK_))
			return true;
		want = !was_a ? -ENOENT : was_c == DIR_ && was_a != DIR_ ? -EISDIR :
			was_a == DIR_ && was_c && was_c != DIR_ ? -ENOTDIR : 0;
		got = result(rename(name[a], name[c]));
		if (!got) {
			model[c] = was_a;
			model[a] = NOTHING;
		}
		break;
	default:
		event = DMAPI_EVENT_RENAME;
		if (a == c || (was_a == FILE_ && was_c == FILE_) ||
		    (was_a == LINK_ && was_c == LINK_))
			return true;
		want = !was_a || !was_c ? -ENOENT : 0;
		got = result(syscall(SYS_renameat2, AT_FDCWD, name[a], AT_FDCWD, name[c],
				     RENAME_EXCHANGE));
		if (!got) {
			model[a] = was_c;
			model[c] = was_a;
			b->done[event]++;	/* told twice */
		}
	}
	if (!got)
		b->done[event]++;
	if (got == -REFUSED)
		b->refused++;
	if (got != want && !(got == -REFUSED && !want)) {
		snprintf(b->wrong, sizeof(b->wrong), "op %d on %s (%d), %s (%d): %s, not %s",
			 op, name[a], was_a, name[c], was_c, strerror(-got), strerror(-want));
		return false;
	}
	if (kind_of(name[a]) != model[a] || kind_of(name[c]) != model[c]) {
		snprintf(b->wrong, sizeof(b->wrong), "op %d on %s, %s gave %ld and does not show",
			 op, name[a], name[c], got);
		return false;
	}
	return true;
}

static long worker(void *arg)
{
	struct book *b = arg;

	chance = storm->seed + (b - storm->book) * 7919;
	for (int i = 0; i < NAMES; i++)
		snprintf(name[i], sizeof(name[i]), "n%d", i);
	while (!__atomic_load_n(&storm->stop, __ATOMIC_SEQ_CST))
		if (!step(b))
			return -EPROTO;
	return 0;
}

/* --- The manager ------------------------------------------------------------------ */

static struct book *book_of(const struct dm_handle *h)
{
	for (int i = 0; i < WORKERS; i++)
		if (!memcmp(storm->book[i].dir.b, h->b, DMAPI_HANDLE_LEN))
			return &storm->book[i];
	return NULL;
}

static int pre_of(int post)
{
	return post == DMAPI_EVENT_POSTCREATE ? DMAPI_EVENT_CREATE : post - 1;
}

/* A message, new or of the one before. */
static void handle(const char *p)
{
	struct dm_named e;
	struct book *b;

	dm_named_unpack(p, &e);
	b = book_of(&e.h1);
	if (!b || e.broken) {
		__atomic_add_fetch(&storm->strays, 1, __ATOMIC_SEQ_CST);
		if (e.token)
			dm_continue(storm->sid, e.token);
		return;
	}
	if (!e.token) {
		if (e.retcode)
			b->failed++;
		else
			b->told[pre_of(e.type)]++;
		return;
	}
	switch (below(12)) {
	case 0:
		if (!dm_abort(storm->sid, e.token, REFUSED))
			b->said_no++;
		return;
	case 1:
		dm_sleep_ms(1 + below(5));
		break;
	case 2:
		if (below(4) == 0) {
			storm->deaths++;
			kill(getpid(), SIGKILL);
		}
		break;
	}
	dm_continue(storm->sid, e.token);
}

/* One after another */
static long manager(void *arg)
{
	static char buf[8192];

	chance = storm->seed + storm->deaths * 31 + 1;
	return dm_manage(storm->sid, buf, sizeof(buf), arg, handle);
}

static pid_t spawn_manager(bool *end)
{
	__s32 sid;

	if (dmapi_create_session(storm->sid, "storm_test", &sid))
		return -1;
	storm->sid = sid;
	return dm_spawn(manager, end);
}

/* --- The storm ----------------------------------------------------------------------- */

FIXTURE(storm) {
	char	dir[256];
};

FIXTURE_SETUP(storm)
{
	const char *s = getenv("LOOP_SEED");

	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)storm);
	storm->seed = s ? strtoull(s, NULL, 0) : (__u64)time(NULL);
	snprintf(self->dir, sizeof(self->dir), "%s/storm.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "storm_test", &storm->sid));
	ASSERT_EQ(0, dm_want(storm->sid, DM_NAME_EVENTS));
}

FIXTURE_TEARDOWN(storm)
{
	dm_set_fs_list(storm->sid, 0);
	dm_drain(storm->sid);
	dmapi_destroy_session(storm->sid);
	dm_rm_rf(self->dir);
}

TEST_F_TIMEOUT(storm, books_agree, 300)
{
	const char *s = getenv("LOOP_SECONDS");
	double end = loop_now() + (s ? atof(s) : 10);
	bool *over;
	pid_t pid[WORKERS], m;
	char path[PATH_MAX];
	long ret;

	over = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)over);
	for (int i = 0; i < WORKERS; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->dir, i);
		ASSERT_EQ(0, mkdir(path, 0700));
		ASSERT_EQ(0, dm_path_handle(path, &storm->book[i].dir));
	}
	ASSERT_EQ(0, dm_set_fs_list(storm->sid, DM_NAME_EVENTS));
	m = spawn_manager(over);
	ASSERT_LT(0, m);
	for (int i = 0; i < WORKERS; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->dir, i);
		ASSERT_EQ(0, chdir(path));
		pid[i] = dm_spawn(worker, &storm->book[i]);
	}
	ASSERT_EQ(0, chdir("/"));
	while (loop_now() < end) {
		ret = dm_wait(m, 20);
		if (ret == DM_RUNNING)
			continue;
		ASSERT_EQ(DM_SIGNALLED, ret);
		m = spawn_manager(over);
		ASSERT_LT(0, m);
	}
	__atomic_store_n(&storm->stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < WORKERS; i++) {
		int left = PATIENCE / 20;

		while ((ret = dm_wait(pid[i], 20)) == DM_RUNNING && left--) {
			if (dm_wait(m, 0) == DM_SIGNALLED)
				m = spawn_manager(over);
		}
		EXPECT_EQ(0, ret) {
			TH_LOG("worker %d: %s", i, storm->book[i].wrong);
		}
	}
	__atomic_store_n(over, true, __ATOMIC_SEQ_CST);
	EXPECT_EQ(0, dm_wait(m, PATIENCE));
	EXPECT_EQ(0, storm->strays);
	for (int i = 0; i < WORKERS; i++) {
		struct book *b = &storm->book[i];
		unsigned long done = 0;

		for (int t = 0; t < TYPES; t++) {
			EXPECT_EQ(b->done[t], b->told[t]) {
				TH_LOG("LOOP_SEED=%llu worker %d, event %d",
				       (unsigned long long)storm->seed, i, t);
			}
			done += b->done[t];
		}
		EXPECT_EQ(b->said_no, b->refused);
		EXPECT_LE(10, done);
		TH_LOG("%lu tried, %lu done, %lu refused, %lu failed", b->ops, done,
		       b->refused, b->failed);
	}
	TH_LOG("the manager died %lu times", storm->deaths);
}

TEST_HARNESS_MAIN
