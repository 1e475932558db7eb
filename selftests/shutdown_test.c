// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system shuts down in the midst of a change
 *
 * For each way in which a DM attribute, the regions or the spans can change:
 * a file in the old state, synced; the change, while a thread shuts the file
 * system down at a moment by chance or XFS injects an error between two
 * transactions of the change; unmount, mount, log recovery.  Then the file has
 * the old state or the new one, nothing of it is lost, and every byte can be
 * read as it was or cannot be read.
 *
 *	LOOP_SECONDS	how long (12)
 *	LOOP_SEED	of the choices
 *	DM_DEV2		a device to use up
 *
 * A shutdown loses what is in memory only, so a state between two transactions
 * of a change is seen if the first gets into the log and the second does not.
 * Mounted with wsync the first is written at once, and the injected error (the
 * tag "larp" of XFS_DEBUG kernels) keeps the second away.
 */
#include <pthread.h>
#include <sys/stat.h>

#define MNT	"/mnt/shutdown"

#include "loop_state.h"
#include "shutdown.h"

enum op { ATTR, REGIONS, PUNCH, RECALL, RESIDENT };

struct test {
	const char	*name;
	enum op		op;
	int		from, to;	/* of slot 0 or of the regions beyond */
	int		others[2];	/* other attributes: their lengths */
	unsigned int	fill;		/* regions beyond, if not changed */
};

/*
 * Lengths are chosen for an inode of 512 bytes: 50 stays in it, 250 may not,
 * 2000 is in a leaf, 9000 and more has blocks of its own.
 */
static const struct test tests[] = {
	/* The one that xfs_attr_set() alone would lose: see xfs_dm_xattr.c */
	{ "attribute outgrows the inode", ATTR, 100, 300, { 60, -1 }, 0 },
	{ "attribute outgrows the inode by a little", ATTR, 90, 110,
	  { 80, 50 }, 0 },
	{ "attribute new", ATTR, -1, 20, { -1, -1 }, 0 },
	{ "attribute new, fills a leaf", ATTR, -1, 1800, { 50, 100 }, 0 },
	{ "attribute new, with blocks of its own", ATTR, -1, 20000,
	  { 50, -1 }, 0 },
	{ "attribute replaced in the inode", ATTR, 20, 40, { 10, -1 }, 0 },
	{ "attribute from inode to leaf", ATTR, 20, 2000, { 30, -1 }, 0 },
	{ "attribute from inode to blocks", ATTR, 50, 30000, { 60, -1 }, 0 },
	{ "attribute replaced in a leaf", ATTR, 700, 900, { 300, -1 }, 0 },
	{ "attribute from leaf to blocks", ATTR, 900, 30000, { 700, -1 }, 0 },
	{ "attribute replaced in blocks", ATTR, 40000, 60000, { 20, -1 }, 0 },
	{ "attribute from blocks to inode", ATTR, 9000, 10, { 20, -1 }, 0 },
	{ "attribute splits the leaf", ATTR, 100, 2000, { 1900, 1500 }, 0 },
	{ "attribute removed from the inode", ATTR, 30, -1, { 20, -1 }, 0 },
	{ "attribute removed from a leaf", ATTR, 1000, -1, { 900, -1 }, 0 },
	{ "attribute removed with its blocks", ATTR, 30000, -1, { 50, 50 }, 0 },
	{ "first regions", REGIONS, 0, 2, { 40, -1 }, 0 },
	{ "regions outgrow the inode", REGIONS, 2, 12, { 60, -1 }, 0 },
	{ "regions from inode to blocks", REGIONS, 1, 400, { 40, -1 }, 0 },
	{ "regions from leaf to blocks", REGIONS, 40, 900, { 600, -1 }, 0 },
	{ "regions from blocks to inode", REGIONS, 700, 1, { 40, -1 }, 0 },
	{ "regions replaced in blocks", REGIONS, 500, 600, { 40, -1 }, 0 },
	{ "regions removed", REGIONS, 3, 0, { 40, -1 }, 0 },
	{ "many regions removed", REGIONS, 600, 0, { 40, -1 }, 0 },
	{ "punch", PUNCH, 0, 0, { 40, -1 }, 0 },
	{ "punch, the record outgrows the inode", PUNCH, 0, 0, { 120, -1 }, 2 },
	{ "punch, many regions", PUNCH, 0, 0, { 40, -1 }, 300 },
	{ "recall", RECALL, 0, 0, { 40, -1 }, 1 },
	{ "resident", RESIDENT, 0, 0, { 100, 30 }, 1 },
	{ "resident, many regions", RESIDENT, 0, 0, { 40, -1 }, 500 },
};

#define TESTS		(sizeof(tests) / sizeof(tests[0]))

static struct result {
	unsigned int	runs, bad, kept_old, got_new, down;
} results[TESTS], by_how[HOWS];

static double took[TESTS];	/* how long the change takes undisturbed */

/* --- One run ------------------------------------------------------------------ */

static void states(const struct test *t, struct state *from, struct state *to)
{
	memset(from, 0, sizeof(*from));
	for (int i = 0; i < SLOTS; i++)
		from->attr[i].len = -1;
	for (int i = 0; i < 2; i++)
		from->attr[i + 1] = (struct attr){ t->others[i], 1 };
	from->fill = t->fill;
	*to = *from;
	switch (t->op) {
	case ATTR:
		from->attr[0] = (struct attr){ t->from, 1 };
		to->attr[0] = (struct attr){ t->to, 2 };
		break;
	case REGIONS:
		from->fill = (unsigned int)t->from;
		to->fill = (unsigned int)t->to;
		/* Nothing is left if the regions go altogether. */
		if (t->to && t->from) {
			from->read = from->off = 3;
			to->read = 0x13;
			to->off = 3;
		}
		break;
	case PUNCH:
		from->read = to->read = 0x3f;
		from->off = 1;
		to->off = 0x3d;
		break;
	case RECALL:
		from->read = to->read = 0x3f;
		from->off = 0x1e;
		to->off = 0x1c;
		break;
	case RESIDENT:
		from->read = 0x3f;
		from->off = to->off = 0x21;
		to->read = 0x31;
		break;
	}
}

static long change(const struct test *t, struct loop_obj *o, unsigned int file,
		   const struct state *to)
{
	switch (t->op) {
	case ATTR:
		return put_attr(o, file, 0, &to->attr[0]);
	case REGIONS:
		return put_regions(o, to->read, to->fill);
	case PUNCH:
		return punch_granules(o, 2, GRANULES - 2);
	case RECALL:
		return recall_granule(o, file, 1, 0);
	case RESIDENT:
		return resident_granules(o, 1, 3);
	}
	return -EINVAL;
}

static void prepare(const char *path, unsigned int file, struct loop_obj *o,
		    const struct state *s, int *fdp)
{
	long ret = 0;

	loop_make_file(path, FILE_SIZE, file);
	*fdp = open(path, O_RDWR | O_CLOEXEC);
	if (*fdp < 0)
		loop_die("%s", path);
	loop_open(o, sid, *fdp);
	for (unsigned int i = 0; !ret && i < SLOTS; i++)
		if (s->attr[i].len >= 0)
			ret = put_attr(o, file, i, &s->attr[i]);
	if (!ret && (s->read || s->fill))
		ret = put_regions(o, s->read, s->fill);
	for (unsigned int g = 0; !ret && g < GRANULES; g++)
		if (s->off & 1U << g)
			ret = punch_granules(o, g, 1);
	if (ret) {
		errno = (int)-ret;
		loop_die("%s: cannot prepare", path);
	}
	if (syncfs(*fdp))
		loop_die("sync");
}

/* Bits: 1 it may be the old state, 2 the new, 4 in between; 0 it is none. */
static unsigned int verify(const char *path, unsigned int file,
			   const struct state *from, const struct state *to)
{
	unsigned int read, fill, may = 3, old = 0, new = 0;
	struct loop_obj o;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		loop_die("%s", path);
	loop_open(&o, sid, fd);
	for (unsigned int i = 0; i < SLOTS; i++) {
		unsigned int m = has_attr(&o, file, i, &from->attr[i]) |
				 has_attr(&o, file, i, &to->attr[i]) << 1;

		if (may && !(may & m))
			printf("# attribute %u (%d or %d bytes) is lost or wrong\n",
			       i, from->attr[i].len, to->attr[i].len);
		may &= m;
	}
	if (get_regions(&o, &read, &fill)) {
		unsigned int m = (read == from->read && fill == from->fill) |
				 (read == to->read && fill == to->fill) << 1;

		if (may && !(may & m))
			printf("# regions: armed %x and %u, not %x and %u or %x and %u\n",
			       read, fill, from->read, from->fill, to->read,
			       to->fill);
		may &= m;
	} else {
		may = 0;
	}
	for (unsigned int g = 0; g < GRANULES; g++) {
		bool was = from->off >> g & 1, is = to->off >> g & 1;
		unsigned int seen = look_granule(fd, file, g);
		unsigned int ok = (was || is ? 2 : 0) | (was && is ? 0 : 1);

		if (seen & ~ok) {
			printf("# granule %u: seen %x, allowed %x\n", g, seen,
			       ok);
			may = 0;
		}
		if (was != is) {
			old |= seen & (was ? 2 : 1);
			new |= seen & (was ? 1 : 2);
		}
	}
	close(fd);
	/* A punch may stop between extents. */
	if (old && new)
		return may ? 7 : 0;
	if (old || new)
		may &= old ? 1 : 2;
	return may;
}

/* What was cut off must not be in the way of doing it again. */
static bool again(const struct test *t, const char *path, unsigned int file,
		  const struct state *to)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct loop_obj o;
	long ret;

	if (fd < 0)
		loop_die("%s", path);
	loop_open(&o, sid, fd);
	ret = change(t, &o, file, to);
	if (ret == -ENOENT && t->to < 0)
		ret = 0;
	if (!ret && syncfs(fd))
		ret = -errno;
	close(fd);
	if (ret)
		printf("# errno %ld\n", -ret);
	return !ret && verify(path, file, to, to);
}

static bool run(unsigned int n, enum how how, unsigned int file)
{
	const struct test *t = &tests[n];
	struct result *r[2] = { &results[n], &by_how[how] };
	bool noisy = loop_below(&seed, 2), error = how >= ERROR;
	struct state from, to;
	struct loop_obj o;
	struct killer k = { .flags = how_flags[how] };
	pthread_t kt, nt;
	double begin, delay = 0;
	unsigned int may, i;
	bool durable = false, down = false;
	char path[64], factor[16];
	long ret;
	int fd;

	states(t, &from, &to);
	mount_it(how == ERROR_WSYNC ? "dmapi,wsync" : "dmapi");
	snprintf(path, sizeof(path), MNT "/f%u", file);
	prepare(path, file, &o, &from, &fd);

	noise_stop = false;
	if (noisy && pthread_create(&nt, NULL, noise, &fd))
		loop_die("thread");
	if (error) {
		snprintf(factor, sizeof(factor), "%u", 1 + loop_below(&seed, 4));
		if (!write_file(sysfs("errortag/larp"), factor))
			loop_die("errortag");
	} else {
		k.fd = fd;
		delay = took[n] * 1.4 * (double)loop_below(&seed, 1000) / 1000;
		if (pthread_create(&kt, NULL, killer, &k))
			loop_die("thread");
	}
	begin = loop_now();
	k.at = begin + delay;
	k.go = true;
	ret = change(t, &o, file, &to);
	if (!ret && loop_below(&seed, 2))
		durable = !syncfs(fd);
	if (!error)
		pthread_join(kt, NULL);
	/* What no error met ends all the same; the log may go or not. */
	down = error && ret;
	if (error && !ret)
		ioctl(fd, GOINGDOWN, &(uint32_t){ 2 });
	noise_stop = true;
	if (noisy)
		pthread_join(nt, NULL);
	close(fd);
	umount_it();

	/* Recovery on a plain mount must do as well; the guard stands there. */
	if (loop_below(&seed, 4) == 0) {
		mount_it("");
		fd = open(path, O_RDONLY | O_CLOEXEC);
		for (i = 0; i < GRANULES; i++)
			if (look_granule(fd, file, i) & 4)
				results[n].bad++;
		close(fd);
		umount_it();
	}
	mount_it("dmapi");
	may = verify(path, file, &from, &to);
	if (may && !again(t, path, file, &to)) {
		printf("# the same change afterwards\n");
		may = 0;
	}
	umount_it();
	judge_klog();

	if (durable && may && (may & 6) != 2) {
		printf("# it was synced, and is not there\n");
		may = 0;
	}
	if (!may)
		printf("# ... after \"%s\", %s, the change returned %ld, file %u\n",
		       t->name, how_names[how], ret, file);
	for (i = 0; i < 2; i++) {
		r[i]->runs++;
		r[i]->bad += !may;
		r[i]->kept_old += may == 1;
		r[i]->got_new += may == 2;
		r[i]->down += down || ret < 0;
	}
	fflush(stdout);
	return may;
}

static void measure(void)
{
	for (unsigned int i = 0; i < TESTS; i++) {
		struct state from, to;
		struct loop_obj o;
		char path[64];
		double begin;
		long ret;
		int fd;

		states(&tests[i], &from, &to);
		snprintf(path, sizeof(path), MNT "/m%u", i);
		prepare(path, i, &o, &from, &fd);
		begin = loop_now();
		ret = change(&tests[i], &o, i, &to);
		took[i] = loop_now() - begin;
		if (ret) {
			errno = (int)-ret;
			loop_die("%s", tests[i].name);
		}
		close(fd);
		if (verify(path, i, &from, &to) != 2)
			loop_die("%s: undisturbed it is not right", path);
		unlink(path);
	}
}

static int all(void)
{
	double seconds, end;
	unsigned int n = 0, file = 1000, bad = 0, ok_new = 0, ok_old = 0;
	int error;

	error = begin("shutdown_test", NULL, &seconds);
	if (error)
		return error;
	mount_it("dmapi");
	measure();
	umount_it();

	end = loop_now() + seconds;
	for (unsigned int round = 0; loop_now() < end || !round; round++) {
		for (unsigned int i = 0; i < TESTS; i++) {
			enum how how = (i * 3 + round) % HOWS;
			int again = 1;

			if (how >= ERROR && !have_errors)
				how = NOLOGFLUSH;
			/* The first two are what it is all about. */
			if (i < 2 && have_errors) {
				how = ERROR_WSYNC;
				again = round ? 3 : 8;
			}
			while (again--)
				run(i, how, file++);
			if (round && loop_now() > end)
				break;
		}
	}
	judge_klog();

	for (unsigned int i = 0; i < TESTS; i++) {
		struct result *r = &results[i];

		printf("%sok %u %s\n", r->bad ? "not " : "", ++n,
		       tests[i].name);
		printf("# %u runs: %u wrong, %u old, %u new; %.1f ms\n",
		       r->runs, r->bad, r->kept_old, r->got_new,
		       took[i] * 1000);
		bad += r->bad;
		ok_old += r->kept_old;
		ok_new += r->got_new;
	}
	for (unsigned int i = 0; i < HOWS; i++)
		printf("# %s: %u runs, %u old, %u new, %u changes failed\n",
		       how_names[i], by_how[i].runs, by_how[i].kept_old,
		       by_how[i].got_new, by_how[i].down);
	bad += !ok_old || !ok_new;
	printf("%sok %u both states were met\n",
	       ok_old && ok_new ? "" : "not ", ++n);
	bad += !!klog_bad;
	printf("%sok %u the kernel complained of what was injected alone\n",
	       klog_bad ? "not " : "", ++n);
	if (repair_clean()) {
		printf("ok %u xfs_repair is content\n", ++n);
	} else {
		printf("not ok %u xfs_repair is content\n", ++n);
		bad++;
	}
	dmapi_destroy_session(sid);
	printf("1..%u\n", n);
	return bad ? 1 : 0;
}

int main(void)
{
	return quietly(all);
}
