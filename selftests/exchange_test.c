// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that change hands: XFS_IOC_EXCHANGE_RANGE and COMMIT_RANGE
 *
 * Both files of an exchange are read and written, so each that is armed raises
 * one event: WRITE if it is armed for that, READ if only for that, file1 before
 * file2.  What is offline is brought back first.  Then the bytes are exchanged
 * and nothing else: regions and DM attributes stay with their files.  Or it
 * fails, and nothing changed.
 *
 * Two files, a model of each in memory, and a file system of their own on
 * DM_DEV2 which has the feature (sb_feature.c).
 */
#include "common.h"
#include "exchange.h"
#include "offline.h"

#define SIZE	(4 * GRAIN + 1000)
#define OFF1	GRAIN			/* where the usual range is in file1 */
#define OFF2	(2 * GRAIN)		/* and in file2 */
#define LEN	(2 * GRAIN)
#define SOON	8000			/* ms */
#define DIR	"/mnt/exchange"

#define RD	DMAPI_REGION_READ
#define WR	DMAPI_REGION_WRITE
#define TR	DMAPI_REGION_TRUNCATE

/**
 * struct side - one of the two files
 * @f: the file
 * @orig: what it held at first, which is what the archive has
 * @now: what it must hold
 * @size: of @now
 */
struct side {
	struct dm_file f;
	unsigned char orig[SIZE];
	unsigned char now[SIZE];
	size_t size;
};

static void __attribute__((constructor)) world_make(void)
{
	const char *dev = env_need("DM_DEV2");

	if (run("mkdir -p %s && mkfs.xfs -q -f %s && sb_feature %s && "
		"mount -o dmapi %s %s", DIR, dev, dev, dev, DIR)) {
		printf("Bail out! no file system with exchange-range\n");
		exit(1);
	}
	setenv("DM_DEV", dev, 1);
	setenv("DM_MNT", DIR, 1);
}

/* --- Files and models --------------------------------------------------------- */

static long side_make(struct side *s, __s32 sid, const char *dir, int i, size_t size)
{
	char name[2] = { 'a' + i };
	long ret = dm_make_file(&s->f, sid, dir, name, size);
	int fd;

	if (ret)
		return ret;
	dm_fill(s->orig, 0, size, DM_SEED + i * 60);
	memcpy(s->now, s->orig, size);
	s->size = size;
	fd = open(s->f.path, O_RDWR);
	if (pwrite(fd, s->orig, size, 0) != (ssize_t)size || fsync(fd))
		ret = -EIO;
	close(fd);
	return ret ? ret : dmapi_set_dmattr(&s->f.o, "exchange", 0, 4, i ? "bbbb" : "aaaa");
}

/* Arm all of it and let all of it go. */
static long side_offline(struct side *s, __u32 flags)
{
	long ret = dm_arm(&s->f.o, 0, 0, flags);

	return ret ? ret : dmapi_punch_hole(&s->f.o, 0, 0);
}

/* What the archive has, brought back; without a word that it is there if not @say. */
static long side_recall(struct side *s, __u64 off, __u64 len, bool say)
{
	long n;

	if (off + len > s->size)
		len = s->size - off;
	n = dmapi_write_invis(&s->f.o, 0, off, len, s->orig + off);
	if (n != (long)len)
		return n < 0 ? n : -EIO;
	return say ? dmapi_set_resident(&s->f.o, off, len) : 0;
}

static void swap_bytes(unsigned char *a, unsigned char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

/* All of it by one way of reading: NULL, or what is wrong. */
static const char *side_read(const struct side *s, int flags)
{
	static char why[100];
	unsigned char *p = poisoned(6 * GRAIN);
	int fd = open(s->f.path, O_RDONLY | flags);
	ssize_t n = neg(pread(fd, p, 6 * GRAIN, 0));
	const char *ret = NULL;

	if (n != (ssize_t)s->size) {
		snprintf(why, sizeof(why), "%zd of %zu bytes", n, s->size);
		ret = why;
	}
	for (ssize_t i = 0; !ret && i < n; i++) {
		if (p[i] == s->now[i])
			continue;
		snprintf(why, sizeof(why), "byte %zd is 0x%02x, not 0x%02x", i, p[i], s->now[i]);
		ret = why;
	}
	close(fd);
	free(p);
	return ret;
}

/* Through the page cache, past it, and from the device. */
static const char *side_verify(const struct side *s)
{
	const char *why = side_read(s, 0);
	int fd;

	if (!why)
		why = side_read(s, O_DIRECT);
	if (!why) {
		fd = open(s->f.path, O_RDONLY);
		fsync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
		why = side_read(s, 0);
	}
	return why;
}

/* --- The fixture --------------------------------------------------------------- */

FIXTURE(exchange)
{
	DM_FIXTURE_FIELDS;
	struct side *s;
	struct job job;
};

FIXTURE_VARIANT(exchange)
{
	enum how how;
};

FIXTURE_VARIANT_ADD(exchange, plain) { .how = EXCHANGE };
FIXTURE_VARIANT_ADD(exchange, commit) { .how = COMMIT };
FIXTURE_VARIANT_ADD(exchange, handles) { .how = HANDLES };

FIXTURE_SETUP(exchange)
{
	snprintf(self->dir, sizeof(self->dir), "%s/exchange.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	ASSERT_EQ(0, dmapi_create_session(0, "exchange_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
	self->s = calloc(2, sizeof(*self->s));
	ASSERT_NE(NULL, self->s);
	self->job.how = variant->how;
	self->job.x = (struct exchange_range) {
		.file1_offset = OFF1, .file2_offset = OFF2, .length = LEN,
	};
}

DM_FIXTURE_TEARDOWN(exchange)

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(exchange) *self

static void prepare(FIX, size_t size1, size_t size2)
{
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, side_make(&self->s[i], self->sid, self->dir, i, i ? size2 : size1));
		self->job.path[i] = self->s[i].f.path;
	}
}

/* The range as the model has it after a success. */
static void model(FIXTURE_DATA(exchange) *self)
{
	swap_bytes(self->s[0].now + OFF1, self->s[1].now + OFF2, LEN);
}

static pid_t start(FIX)
{
	pid_t pid = dm_spawn(job_run, &self->job);

	ASSERT_LT(0, pid);
	return pid;
}

static void expect(FIX, struct dm_event *e, pid_t pid, int i, int type, __s64 off, __u64 len)
{
	const struct dm_handle *h = &self->s[i].f.h;
	long ret = DM_RUNNING;

	memset(e, 0, sizeof(*e));
	for (int ms = 0; ms < SOON && ret == DM_RUNNING; ms += 2) {
		if (!dm_next(self->sid, e, 0))
			break;
		ret = dm_wait(pid, 2);
	}
	ASSERT_EQ(DM_RUNNING, ret) TH_LOG("no event of file%d, the exchange says %ld", i + 1, ret);
	EXPECT_EQ(type, e->type);
	EXPECT_EQ(off, e->offset);
	EXPECT_EQ(len, e->length);
	EXPECT_EQ(0, memcmp(h->b, e->h.b, h->len)) TH_LOG("not file%d", i + 1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5));
}

static __s64 off_of(int i)
{
	return i ? OFF2 : OFF1;
}

/* Nothing else was raised; both are what they must be, and have what they had. */
static void verify(FIX)
{
	struct dm_event e;
	char attr[8];
	__u64 n;

	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0))
	{
		TH_LOG("another event: %d %lld %llu", e.type, (long long)e.offset,
		       (unsigned long long)e.length);
	}
	for (int i = 0; i < 2; i++) {
		const struct side *s = &self->s[i];
		const char *why;

		ASSERT_EQ(0, dmapi_get_dmattr(&s->f.o, "exchange", sizeof(attr), attr, &n));
		EXPECT_EQ(0, memcmp(attr, i ? "bbbb" : "aaaa", 4));
		ASSERT_EQ(0, dm_disarm(&s->f.o));
		why = side_verify(s);
		EXPECT_EQ(NULL, why) TH_LOG("file%d: %s", i + 1, why);
	}
}

/* One region over all of the file, with these flags, or none. */
static void armed_still(FIX, int i, __u32 flags)
{
	struct dmapi_region r[4];
	__u32 n;

	ASSERT_EQ(0, dmapi_get_region(&self->s[i].f.o, 4, r, &n));
	ASSERT_EQ(flags ? 1 : 0, n);
	if (flags) {
		EXPECT_EQ(0, r[0].offset);
		EXPECT_EQ(0, r[0].size);
		EXPECT_EQ(flags, r[0].flags);
	}
}

/* --- Nobody asked, or everything is there --------------------------------------- */

TEST_F(exchange, not_armed)
{
	prepare(_metadata, self, SIZE, SIZE);
	EXPECT_EQ(0, job_run(&self->job));
	model(self);
	verify(_metadata, self);
}

/* Both sides in all ways; 0 is not armed. */
static const __u32 arms[] = { 0, RD, WR, TR, RD | WR | TR };

#define ARMS	(sizeof(arms) / sizeof(arms[0]))

/* What a side that is armed so raises if it is all there. */
static int raises(__u32 flags)
{
	return flags & WR ? DMAPI_EVENT_WRITE : flags & RD ? DMAPI_EVENT_READ : 0;
}

TEST_F(exchange, armed)
{
	struct dm_event e;
	pid_t pid;

	for (unsigned int k = 0; k < ARMS * ARMS; k++) {
		__u32 flags[2] = { arms[k / ARMS], arms[k % ARMS] };

		prepare(_metadata, self, SIZE, SIZE);
		for (int i = 0; i < 2; i++)
			if (flags[i]) {
				ASSERT_EQ(0, dm_arm(&self->s[i].f.o, 0, 0, flags[i]));
			}
		pid = start(_metadata, self);
		for (int i = 0; i < 2; i++) {
			if (!raises(flags[i]))
				continue;
			expect(_metadata, self, &e, pid, i, raises(flags[i]), off_of(i), LEN);
			EXPECT_EQ(0, dm_continue(self->sid, e.token));
		}
		ASSERT_EQ(0, dm_wait(pid, SOON)) TH_LOG("armed %x, %x", flags[0], flags[1]);
		for (int i = 0; i < 2; i++)
			armed_still(_metadata, self, i, flags[i]);
		model(self);
		verify(_metadata, self);
	}
}

/* Regions that the range does not meet stay, and say nothing. */
TEST_F(exchange, armed_beside)
{
	struct dmapi_region r[2] = {
		{ .offset = 0, .size = OFF1, .flags = RD | WR },
		{ .offset = OFF1 + LEN, .size = 0, .flags = RD | WR },
	}, got[4];
	__u32 n;

	prepare(_metadata, self, SIZE, SIZE);
	ASSERT_EQ(0, dmapi_set_region(&self->s[0].f.o, 2, r, &n));
	EXPECT_EQ(0, job_run(&self->job));
	ASSERT_EQ(0, dmapi_get_region(&self->s[0].f.o, 4, got, &n));
	ASSERT_EQ(2, n);
	EXPECT_EQ(0, memcmp(r, got, sizeof(r)));
	model(self);
	verify(_metadata, self);
}

/* --- Something is missing --------------------------------------------------------- */

/* What is offline: file1, file2, both; and what it is armed for. */
static const struct {
	int side;	/* 1, 2, 3 */
	__u32 flags;
} away[] = {
	{ 1, RD }, { 1, RD | WR }, { 2, RD }, { 2, RD | WR }, { 3, RD }, { 3, RD | WR },
};

#define EACH_AWAY(_k) for (unsigned int _k = 0; _k < sizeof(away) / sizeof(away[0]); _k++)

static bool is_away(int k, int i)
{
	return away[k].side & (1 << i);
}

static void let_go(FIX, int k)
{
	prepare(_metadata, self, SIZE, SIZE);
	for (int i = 0; i < 2; i++)
		if (is_away(k, i)) {
			ASSERT_EQ(0, side_offline(&self->s[i], away[k].flags));
		}
}

/* The rest of what was offline; where file @i's range was is what it is now. */
static void recall_rest(FIX, int i, bool done)
{
	__s64 end = off_of(i) + LEN;

	if (!done) {
		ASSERT_EQ(0, side_recall(&self->s[i], 0, SIZE, true));
		return;
	}
	ASSERT_EQ(0, side_recall(&self->s[i], 0, off_of(i), true));
	ASSERT_EQ(0, side_recall(&self->s[i], end, SIZE - end, true));
}

TEST_F(exchange, offline)
{
	struct dm_event e;
	pid_t pid;

	EACH_AWAY(k) {
		/* The second time it is not said that the bytes are there. */
		for (int say = 1; say >= 0; say--) {
			let_go(_metadata, self, k);
			pid = start(_metadata, self);
			for (int i = 0; i < 2; i++) {
				if (!is_away(k, i))
					continue;
				expect(_metadata, self, &e, pid, i, raises(away[k].flags),
				       off_of(i), LEN);
				EXPECT_EQ(0, side_recall(&self->s[i], off_of(i), LEN, say));
				EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5));
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			}
			ASSERT_EQ(0, dm_wait(pid, SOON)) TH_LOG("case %u.%d", k, say);
			model(self);
			for (int i = 0; i < 2; i++)
				if (is_away(k, i))
					recall_rest(_metadata, self, i, true);
			verify(_metadata, self);
		}
	}
}

/* The answer is no, or a word without the data. */
static void refused(FIX, int error)
{
	struct dm_event e;
	pid_t pid;

	EACH_AWAY(k) {
		/* The first of both brings its bytes back and goes on. */
		int last = is_away(k, 1);

		let_go(_metadata, self, k);
		pid = start(_metadata, self);
		for (int i = 0; i < 2; i++) {
			if (!is_away(k, i))
				continue;
			expect(_metadata, self, &e, pid, i, raises(away[k].flags), off_of(i), LEN);
			if (i != last) {
				EXPECT_EQ(0, side_recall(&self->s[i], off_of(i), LEN, true));
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			} else if (error) {
				EXPECT_EQ(0, dm_abort(self->sid, e.token, error));
			} else {
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			}
		}
		EXPECT_EQ(error ? -error : -EIO, dm_wait(pid, SOON)) TH_LOG("case %u", k);
		for (int i = 0; i < 2; i++)
			if (is_away(k, i))
				recall_rest(_metadata, self, i, false);
		verify(_metadata, self);
	}
}

TEST_F(exchange, abort)
{
	refused(_metadata, self, ENETDOWN);
}

TEST_F(exchange, lie)
{
	refused(_metadata, self, 0);
}

TEST_F(exchange, killed)
{
	struct dm_event e;
	pid_t pid;

	EACH_AWAY(k) {
		let_go(_metadata, self, k);
		pid = start(_metadata, self);
		expect(_metadata, self, &e, pid, !is_away(k, 0), raises(away[k].flags),
		       off_of(!is_away(k, 0)), LEN);
		kill(pid, SIGKILL);
		EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
		dm_drain(self->sid);
		for (int i = 0; i < 2; i++)
			if (is_away(k, i))
				recall_rest(_metadata, self, i, false);
		verify(_metadata, self);
	}
}

/* Who waits does not hold up a freeze. */
TEST_F(exchange, freeze)
{
	int root = open(dm_mnt(), O_RDONLY | O_DIRECTORY);
	struct dm_event e;
	pid_t pid;

	let_go(_metadata, self, 4);
	pid = start(_metadata, self);
	for (int i = 0; i < 2; i++) {
		expect(_metadata, self, &e, pid, i, DMAPI_EVENT_READ, off_of(i), LEN);
		ASSERT_EQ(0, ioctl(root, FIFREEZE, 0));
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 1));
		ASSERT_EQ(0, ioctl(root, FITHAW, 0));
		EXPECT_EQ(0, side_recall(&self->s[i], off_of(i), LEN, true));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	EXPECT_EQ(0, dm_wait(pid, SOON));
	model(self);
	for (int i = 0; i < 2; i++)
		recall_rest(_metadata, self, i, true);
	verify(_metadata, self);
	close(root);
}

/* Nobody there, and the policy is to fail; or nobody is ever asked. */
TEST_F(exchange, nobody)
{
	for (int plain = 0; plain < 2; plain++) {
		EACH_AWAY(k) {
			let_go(_metadata, self, k);
			if (plain) {
				ASSERT_EQ(0, dm_remount(0, ""));
			} else {
				ASSERT_EQ(0, dm_want(self->sid, 0));
				ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
			}
			EXPECT_EQ(-EIO, job_run(&self->job)) TH_LOG("case %u", k);
			for (int i = 0; i < 2; i++)
				if (is_away(k, i))
					EXPECT_EQ(-EIO, dm_read_check(self->s[i].f.path, 0, 10));
			if (plain) {
				ASSERT_EQ(0, dm_remount(0, "dmapi"));
			}
			for (int i = 0; i < 2; i++)
				if (is_away(k, i))
					recall_rest(_metadata, self, i, false);
			verify(_metadata, self);
		}
	}
}

/* --- In other ways ------------------------------------------------------------------ */

/* Only whether it could be done: that needs no byte. */
TEST_F(exchange, dry_run)
{
	self->job.x.flags = DRY_RUN;
	EACH_AWAY(k) {
		let_go(_metadata, self, k);
		EXPECT_EQ(0, job_run(&self->job));
		for (int i = 0; i < 2; i++) {
			armed_still(_metadata, self, i, is_away(k, i) ? away[k].flags : 0);
			if (is_away(k, i))
				recall_rest(_metadata, self, i, false);
		}
		verify(_metadata, self);
	}
}

/* All of both, of different sizes, which change hands as well. */
TEST_F(exchange, whole)
{
	const size_t size[2] = { SIZE, 2 * GRAIN + 500 };
	struct dm_event e;
	pid_t pid;

	for (int turn = 0; turn < 2; turn++) {
		EACH_AWAY(k) {
			prepare(_metadata, self, size[turn], size[!turn]);
			for (int i = 0; i < 2; i++)
				if (is_away(k, i)) {
					ASSERT_EQ(0, side_offline(&self->s[i], away[k].flags));
				}
			self->job.x = (struct exchange_range) { .flags = TO_EOF };
			pid = start(_metadata, self);
			for (int i = 0; i < 2; i++) {
				if (!is_away(k, i))
					continue;
				expect(_metadata, self, &e, pid, i, raises(away[k].flags), 0, SIZE);
				EXPECT_EQ(0, side_recall(&self->s[i], 0, SIZE, false));
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			}
			ASSERT_EQ(0, dm_wait(pid, SOON)) TH_LOG("case %d.%u", turn, k);
			swap_bytes(self->s[0].now, self->s[1].now, SIZE);
			self->s[0].size = size[!turn];
			self->s[1].size = size[turn];
			for (int i = 0; i < 2; i++)
				armed_still(_metadata, self, i, is_away(k, i) ? away[k].flags : 0);
			verify(_metadata, self);
		}
	}
}

/* Two ranges of one file. */
TEST_F(exchange, one_file)
{
	struct side *s;
	struct dm_event e;
	pid_t pid;

	if (variant->how == COMMIT)
		return;
	for (int lie = 0; lie < 2; lie++) {
		prepare(_metadata, self, SIZE, SIZE);
		s = &self->s[0];
		self->job.path[1] = s->f.path;
		self->job.x = (struct exchange_range) {
			.file2_offset = 2 * GRAIN, .length = GRAIN,
		};
		ASSERT_EQ(0, side_offline(s, RD));
		pid = start(_metadata, self);
		expect(_metadata, self, &e, pid, 0, DMAPI_EVENT_READ, 0, GRAIN);
		EXPECT_EQ(0, side_recall(s, 0, GRAIN, true));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		expect(_metadata, self, &e, pid, 0, DMAPI_EVENT_READ, 2 * GRAIN, GRAIN);
		if (!lie)
			EXPECT_EQ(0, side_recall(s, 2 * GRAIN, GRAIN, true));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		ASSERT_EQ(lie ? -EIO : 0, dm_wait(pid, SOON));
		if (!lie)
			swap_bytes(s->now, s->now + 2 * GRAIN, GRAIN);
		else
			ASSERT_EQ(0, side_recall(s, 2 * GRAIN, GRAIN, true));
		ASSERT_EQ(0, side_recall(s, GRAIN, GRAIN, true));
		ASSERT_EQ(0, side_recall(s, 3 * GRAIN, GRAIN + 1000, true));
		verify(_metadata, self);
	}
}

/*
 * A hole of file1's owner comes to lie where file2 has a span: zeros of his,
 * not something that is away.  With FILE1_WRITTEN it stays where it is.
 */
TEST_F(exchange, holes)
{
	struct dm_event e;
	int fd;
	pid_t pid;

	for (int written = 0; written < 2; written++) {
		prepare(_metadata, self, SIZE, SIZE);
		fd = open(self->s[0].f.path, O_RDWR);
		ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, OFF1, GRAIN));
		ASSERT_EQ(0, fsync(fd));
		close(fd);
		memset(self->s[0].now + OFF1, 0, GRAIN);
		ASSERT_EQ(0, side_offline(&self->s[1], RD | WR));
		self->job.x.flags = written ? FILE1_WRITTEN : 0;
		pid = start(_metadata, self);
		expect(_metadata, self, &e, pid, 1, DMAPI_EVENT_WRITE, OFF2, LEN);
		EXPECT_EQ(0, side_recall(&self->s[1], OFF2, LEN, false));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		ASSERT_EQ(0, dm_wait(pid, SOON));
		swap_bytes(self->s[0].now + OFF1 + (written ? GRAIN : 0),
			   self->s[1].now + OFF2 + (written ? GRAIN : 0),
			   written ? GRAIN : LEN);
		recall_rest(_metadata, self, 1, true);
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
		verify(_metadata, self);
	}
}

/* Whoever writes file2 while the exchange waits makes a commit fail. */
TEST_F(exchange, not_fresh)
{
	struct dm_event e;
	pid_t pid;
	int fd;

	prepare(_metadata, self, SIZE, SIZE);
	ASSERT_EQ(0, side_offline(&self->s[0], RD));
	pid = start(_metadata, self);
	expect(_metadata, self, &e, pid, 0, DMAPI_EVENT_READ, OFF1, LEN);
	fd = open(self->s[1].f.path, O_RDWR);
	dm_sleep_ms(20);	/* time stamps are as coarse as a tick */
	dm_fill(self->s[1].now, 0, 100, 5);
	ASSERT_EQ(100, pwrite(fd, self->s[1].now, 100, 0));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, side_recall(&self->s[0], 0, SIZE, true));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(variant->how == COMMIT ? -EBUSY : 0, dm_wait(pid, SOON));
	if (variant->how != COMMIT)
		model(self);
	verify(_metadata, self);
}

TEST_HARNESS_MAIN
