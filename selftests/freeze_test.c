// SPDX-License-Identifier: GPL-2.0
/*
 * Freezing, while others wait
 *
 * Who waits is not in the way of a freeze.  A recall is: it is done before the
 * file system is frozen or after it thawed.  While a freeze is only pending,
 * because the freezer waits for somebody who cannot go on at the moment, recalls
 * and those who only read must not wait for it: that somebody may need them.
 */
#include "waiters_fixture.h"

#include <linux/userfaultfd.h>

/* --- Freezing ------------------------------------------------------------------------ */

static long recall_child(void *arg)
{
	return waiter_recall(arg);
}

/* A recall begun on a frozen file system is done on one that thawed. */
TEST_F_TIMEOUT(life, freeze, 90)
{
	pid_t recall[W_KINDS];
	int dir, i = 0;

	all_wait(_metadata, self);
	dir = open(dm_mnt(), O_RDONLY);
	ASSERT_EQ(0, ioctl(dir, FIFREEZE, 0));
	EACH(w)
		recall[i++] = dm_spawn(recall_child, w);
	EXPECT_ALL(DM_RUNNING, 5);
	for (i = 0; i < (int)W_KINDS; i++) {
		EXPECT_EQ(DM_RUNNING, dm_wait(recall[i], 1));
	}
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	for (i = 0; i < (int)W_KINDS; i++) {
		EXPECT_EQ(0, dm_wait(recall[i], SOON));
	}
	EXPECT_ALL(DM_RUNNING, 0);
	close(dir);
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* Frozen between the recall and the answer: who only reads goes on. */
TEST_F_TIMEOUT(life, freeze_answered, 90)
{
	int dir;

	all_wait(_metadata, self);
	dir = open(dm_mnt(), O_RDONLY);
	take_all(_metadata, self);
	EACH(w) {
		EXPECT_EQ(0, waiter_recall(w));
	}
	ASSERT_EQ(0, ioctl(dir, FIFREEZE, 0));
	EACH(w)
		answer(_metadata, self, w);
	EACH(w) {
		if (w->kind->frozen) {
			EXPECT_RESULT(0, w, SOON);
		}
	}
	EACH(w) {
		if (!w->kind->frozen) {
			EXPECT_RESULT(DM_RUNNING, w, 5);
		}
	}
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_ALL(0, SOON);
	close(dir);
	all_done(_metadata, self);
}

/* --- A freeze that is pending --------------------------------------------------------- */

/*
 * A thread in the midst of a system call on a file, with its buffer in a page
 * that is not there until somebody says so.
 */
struct stuck {
	pthread_t thread;
	int uffd, fd;
	off_t pos;
	bool write;
	unsigned char *page;
	ssize_t result;
};

static void *stuck_thread(void *arg)
{
	struct stuck *s = arg;

	s->result = neg(s->write ? pwrite(s->fd, s->page, 4096, s->pos) :
				   pread(s->fd, s->page, 4096, s->pos));
	return NULL;
}

/* Return when it is. */
static void get_stuck(struct __test_metadata *_metadata, struct stuck *s)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range.len = 4096, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffd_msg msg;
	struct pollfd p;

	s->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (s->uffd < 0 && errno == ENOSYS)
		SKIP(exit(KSFT_SKIP), "no userfaultfd(2): CONFIG_USERFAULTFD");
	ASSERT_LE(0, s->uffd);
	ASSERT_EQ(0, ioctl(s->uffd, UFFDIO_API, &api));
	reg.range.start = (uintptr_t)s->page;
	ASSERT_EQ(0, ioctl(s->uffd, UFFDIO_REGISTER, &reg));
	ASSERT_EQ(0, pthread_create(&s->thread, NULL, stuck_thread, s));
	p = (struct pollfd) { .fd = s->uffd, .events = POLLIN };
	ASSERT_EQ(1, poll(&p, 1, SOON));
	ASSERT_EQ((ssize_t)sizeof(msg), read(s->uffd, &msg, sizeof(msg)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
}

/* Let it go on; what it writes is what the manager's files hold. */
static void get_going(struct __test_metadata *_metadata, struct stuck *s)
{
	static unsigned char buf[4096] __attribute__((aligned(4096)));
	struct uffdio_copy c = {
		.dst = (uintptr_t)s->page, .src = (uintptr_t)buf, .len = 4096,
	};

	dm_fill(buf, s->pos, 4096, DM_SEED);
	ASSERT_EQ(0, ioctl(s->uffd, UFFDIO_COPY, &c));
	ASSERT_EQ(0, pthread_join(s->thread, NULL));
	EXPECT_EQ(4096, s->result);
	EXPECT_EQ(-1, dm_differs(s->page, s->pos, 4096, DM_SEED));
	close(s->uffd);
	close(s->fd);
}

static long freeze_child(void *arg)
{
	return ioctl(*(int *)arg, FIFREEZE, 0) ? -errno : 0;
}

/* Is a task asleep in the kernel, so that no signal wakes it? */
static bool sleeps(pid_t pid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'D';
}

/* Freeze, and come back when the freezer waits for whoever is stuck. */
static pid_t freeze_pending(struct __test_metadata *_metadata, int *dir)
{
	pid_t pid = dm_spawn(freeze_child, dir);

	for (int ms = 0; ms < SOON && !sleeps(pid); ms += 2)
		dm_sleep_ms(2);
	EXPECT_TRUE(sleeps(pid));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	return pid;
}

/* A store is no write(2): it has a level of its own, which is closed later. */
static bool passes(const struct waiter *w)
{
	return w->kind->frozen || w->kind->run == wait_map_write;
}

/*
 * The freezer waits for a writer elsewhere.  Recalls go on, and those who only
 * read get their data; the others go on when it thawed.
 */
TEST_F_TIMEOUT(life, freeze_pending, 90)
{
	struct stuck s = { .write = true };
	char path[PATH_MAX];
	pid_t freezer;
	int dir;

	all_wait(_metadata, self);
	dir = open(dm_mnt(), O_RDONLY);
	snprintf(path, sizeof(path), "%s/elsewhere", self->dir);
	s.fd = open(path, O_RDWR | O_CREAT, 0600);
	get_stuck(_metadata, &s);
	freezer = freeze_pending(_metadata, &dir);
	take_all(_metadata, self);
	EACH(w)
		serve(_metadata, self, w);
	EACH(w) {
		if (passes(w)) {
			EXPECT_RESULT(0, w, SOON);
		}
	}
	EACH(w) {
		if (!passes(w)) {
			EXPECT_RESULT(DM_RUNNING, w, 5);
		}
	}
	EXPECT_EQ(DM_RUNNING, dm_wait(freezer, 0));
	get_going(_metadata, &s);
	EXPECT_EQ(0, dm_wait(freezer, SOON));
	EXPECT_ALL(passes(_each) ? 0 : DM_RUNNING, 5);
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_ALL(0, SOON);
	close(dir);
	all_done(_metadata, self);
}

/*
 * Who is stuck uses the very file, of which a part is resident, and has its
 * lock; the recall waits for him, the freezer for both or none of them.
 */
static void stuck_in_the_file(FIX, bool write)
{
	struct waiter *w = self->w;
	struct stuck s = { .write = write };
	struct dmapi_region r = { .offset = 4096, .flags = DMAPI_REGION_READ };
	pid_t freezer, recall;
	__u32 n;
	int dir;

	make(_metadata, self, w);
	ASSERT_EQ(4096, dmapi_write_invis(&w->f.o, 0, 0, 4096, w->img));
	ASSERT_EQ(0, dmapi_set_region(&w->f.o, 1, &r, &n));
	start(_metadata, self, 0);
	dir = open(dm_mnt(), O_RDONLY);
	s.fd = waiter_open(w, O_RDWR);
	get_stuck(_metadata, &s);
	recall = dm_spawn(recall_child, w);
	EXPECT_EQ(DM_RUNNING, dm_wait(recall, AWHILE));
	if (write) {
		freezer = freeze_pending(_metadata, &dir);
	} else {
		/* A reader is not in a freezer's way. */
		freezer = dm_spawn(freeze_child, &dir);
		EXPECT_EQ(0, dm_wait(freezer, SOON));
		EXPECT_EQ(DM_RUNNING, dm_wait(recall, AWHILE));
	}
	get_going(_metadata, &s);
	if (write) {
		EXPECT_EQ(0, dm_wait(freezer, SOON));
	}
	EXPECT_RESULT(DM_RUNNING, w, AWHILE);
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_EQ(0, dm_wait(recall, SOON));
	close(dir);
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

TEST_F_TIMEOUT(life, freeze_writer_in_the_file, 90)
{
	stuck_in_the_file(_metadata, self, true);
}

TEST_F_TIMEOUT(life, freeze_reader_in_the_file, 90)
{
	stuck_in_the_file(_metadata, self, false);
}

TEST_HARNESS_MAIN
