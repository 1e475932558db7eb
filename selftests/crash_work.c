// SPDX-License-Identifier: GPL-2.0-only
/*
 * crash_work - the guest's part of crash_loop
 *
 *	crash_work DIR		DIR is shared with the host
 *
 * 1. Mounts DM_DEV, which recovers the log, and compares what is there with the
 *    journal that the last one left in DIR.  Writes DIR/verdict.
 * 2. Unmounts, makes DIR/clean, waits until the host, which takes a copy of the
 *    image for xfs_repair, makes DIR/go (or DIR/last: then this is the end).
 * 3. Mounts again, begins a new journal with what it found, makes DIR/working,
 *    and changes attributes, regions and data until it is killed.
 *
 * The journal has a line for each change, on the host's disk before the change
 * begins, and a line for each time that everything, or all of one file, was
 * synced.  So each attribute, set of regions and granule may have the value of
 * the last change before that line or of any later one, and no other.  There is
 * one worker, so all that is found must in addition be from one moment: the
 * journal up to some line is done, and nothing behind it.
 *
 * What a change leaves on the way is not looked at: an old state or a new one,
 * block by block where data is punched or recalled.
 */
#include <limits.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "loop_state.h"

#define FILES		4
#define MNT		"/mnt/crash"
#define HISTORY		4096

/* What an object may be: the values since it was last known to be durable. */
struct value {
	unsigned int	seq;		/* of the change that made it */
	unsigned int	a, b;
};

struct object {
	struct value	*v;
	unsigned int	n;
};

static struct file {
	struct object	attr[SLOTS];		/* length + 1, version */
	struct object	regions;		/* armed granules, others */
	struct object	granule[GRANULES];	/* 1: offline */
	struct state	now;
	struct loop_obj	o;
	int		fd;
} files[FILES];

static const char *dir, *dev;
static int journal = -1;
static uint64_t seed;
static int32_t sid;
static unsigned int seq, version;
static bool wrong;

static const char *path_of(unsigned int f)
{
	static char path[64];

	snprintf(path, sizeof(path), MNT "/file%u", f);
	return path;
}

static const char *shared(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void say(const char *name, const char *text)
{
	char tmp[PATH_MAX];
	int fd;

	snprintf(tmp, sizeof(tmp), "%s/.%s", dir, name);
	fd = open(tmp, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fsync(fd) || close(fd) || rename(tmp, shared(name)))
		loop_die("%s", name);
}

/* --- The journal ------------------------------------------------------------ */

static void object_add(struct object *o, unsigned int s, unsigned int a,
		       unsigned int b)
{
	if (!o->v)
		o->v = calloc(HISTORY, sizeof(*o->v));
	if (!o->v || o->n == HISTORY)
		loop_die("a journal too long");
	o->v[o->n++] = (struct value){ s, a, b };
}

/* Changes up to @s are durable. */
static void object_ack(struct object *o, unsigned int s)
{
	unsigned int i = o->n;

	while (i > 1 && o->v[i - 1].seq > s)
		i--;
	if (i > 1) {
		memmove(o->v, &o->v[i - 1], (o->n - i + 1) * sizeof(*o->v));
		o->n -= i - 1;
	}
}

static void file_ack(struct file *f, unsigned int s)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		object_ack(&f->attr[i], s);
	for (unsigned int i = 0; i < GRANULES; i++)
		object_ack(&f->granule[i], s);
	object_ack(&f->regions, s);
}

static bool journal_line(const char *line)
{
	unsigned int s, f, x, y, z, i;
	struct object *r;

	if (sscanf(line, "K %u", &s) == 1) {
		for (f = 0; f < FILES; f++)
			file_ack(&files[f], s);
	} else if (sscanf(line, "k %u %u", &s, &f) == 2 && f < FILES) {
		file_ack(&files[f], s);
	} else if (sscanf(line, "a %u %u %u %u %u", &s, &f, &x, &y, &z) == 5 &&
		   f < FILES && x < SLOTS) {
		object_add(&files[f].attr[x], s, y, z);
		if (z > version)
			version = z;
	} else if (sscanf(line, "r %u %u %x %u", &s, &f, &x, &y) == 4 &&
		   f < FILES) {
		object_add(&files[f].regions, s, x, y);
	} else if (sscanf(line, "g %u %u %u %u %u", &s, &f, &x, &y, &z) == 5 &&
		   f < FILES && x + y <= GRANULES) {
		for (i = x; i < x + y; i++)
			object_add(&files[f].granule[i], s, z, 0);
	} else if (sscanf(line, "d %u %u %x", &s, &f, &x) == 3 && f < FILES) {
		r = &files[f].regions;
		if (!r->n)
			return false;
		object_add(r, s, r->v[r->n - 1].a & ~x, r->v[r->n - 1].b);
	} else {
		return false;
	}
	return true;
}

/* False if there is none: the file system is new. */
static bool journal_read(void)
{
	FILE *f = fopen(shared("journal"), "re");
	char line[256];
	unsigned int n = 0;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f) && strchr(line, '\n')) {
		if (!journal_line(line))
			loop_die("journal: %s", line);
		n++;
	}
	fclose(f);
	printf("# the journal has %u lines\n", n);
	return true;
}

static void journal_write(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void journal_write(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(journal, line, (size_t)n) != n || fsync(journal))
		loop_die("journal");
}

static void journal_begin(void)
{
	char tmp[PATH_MAX];

	seq = 0;
	snprintf(tmp, sizeof(tmp), "%s/.journal", dir);
	journal = open(tmp, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC,
		       0600);
	if (journal < 0)
		loop_die("journal");
	for (unsigned int f = 0; f < FILES; f++) {
		struct state *s = &files[f].now;

		for (unsigned int i = 0; i < SLOTS; i++)
			journal_write("a 0 %u %u %u %u\n", f, i,
				      s->attr[i].len + 1, s->attr[i].version);
		journal_write("r 0 %u %x %u\n", f, s->read, s->fill);
		for (unsigned int g = 0; g < GRANULES; g++)
			journal_write("g 0 %u %u 1 %u\n", f, g,
				      s->off >> g & 1);
	}
	if (rename(tmp, shared("journal")))
		loop_die("journal");
}

/* --- Looking ------------------------------------------------------------------ */

/* What was found is from a moment in [from, to]; all of it from one. */
static unsigned int moment_from, moment_to = UINT_MAX;

static void found(const struct object *o, const bool *match, const char *what,
		  unsigned int f, unsigned int i)
{
	unsigned int from = UINT_MAX, to = 0;

	for (unsigned int k = 0; k < o->n; k++) {
		if (!match[k])
			continue;
		if (from == UINT_MAX)
			from = o->v[k].seq;
		to = k + 1 < o->n ? o->v[k + 1].seq - 1 : UINT_MAX;
	}
	if (from == UINT_MAX) {
		wrong = true;
		printf("# file %u: %s %u is none of %u that it may be, the last of change %u\n",
		       f, what, i, o->n, o->v[o->n - 1].seq);
		return;
	}
	if (from > moment_from)
		moment_from = from;
	if (to < moment_to)
		moment_to = to;
}

static void verify_file(unsigned int f)
{
	static bool match[HISTORY];
	struct file *p = &files[f];
	unsigned int read, fill;
	bool sane;

	for (unsigned int i = 0; i < SLOTS; i++) {
		struct object *o = &p->attr[i];

		for (unsigned int k = 0; k < o->n; k++) {
			struct attr a = { (int)o->v[k].a - 1, o->v[k].b };

			match[k] = has_attr(&p->o, f, i, &a);
			if (match[k])
				p->now.attr[i] = a;
		}
		found(o, match, "attribute", f, i);
	}

	sane = get_regions(&p->o, &read, &fill);
	for (unsigned int k = 0; k < p->regions.n; k++)
		match[k] = sane && read == p->regions.v[k].a &&
			   fill == p->regions.v[k].b;
	found(&p->regions, match, "regions", f, read);
	p->now.read = read;
	p->now.fill = fill;

	p->now.off = 0;
	for (unsigned int g = 0; g < GRANULES; g++) {
		struct object *o = &p->granule[g];
		unsigned int seen = look_granule(p->fd, f, g), may = 0;

		for (unsigned int k = 0; k < o->n; k++) {
			may |= o->v[k].a ? 2 : 1;
			match[k] = (seen & (o->v[k].a ? 2 : 1)) != 0;
		}
		if (seen & ~may) {
			wrong = true;
			printf("# file %u: granule %u: seen %x, allowed %x, armed %x\n",
			       f, g, seen, may, read);
		} else {
			found(o, match, "granule", f, g);
		}
		/* Half of it: is punched again, before work begins. */
		if (seen & 2)
			p->now.off |= 1U << g;
	}
}

/* Without the mount option, too: data or an error, nothing else. */
static void verify_plain(void)
{
	for (unsigned int f = 0; f < FILES; f++) {
		int fd = open(path_of(f), O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			loop_die("%s", path_of(f));
		for (unsigned int g = 0; g < GRANULES; g++)
			if (look_granule(fd, f, g) & 4) {
				wrong = true;
				printf("# file %u: granule %u on a plain mount\n",
				       f, g);
			}
		close(fd);
	}
}

/* --- Mounts ------------------------------------------------------------------- */

static void mount_it(const char *opts)
{
	char path[256];
	int fd;

	if (mount(dev, MNT, "xfs", 0, opts))
		loop_die("mount, options '%s'", opts);
	if (!*opts)
		return;
	snprintf(path, sizeof(path), "/sys/fs/xfs/%s/dmapi/data_policy",
		 strrchr(dev, '/') + 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "continue", 8) != 8 || close(fd))
		loop_die("%s", path);
}

static void umount_it(void)
{
	for (unsigned int f = 0; f < FILES; f++)
		if (files[f].fd >= 0)
			close(files[f].fd);
	if (umount(MNT))
		loop_die("umount");
}

static void open_all(void)
{
	for (unsigned int f = 0; f < FILES; f++) {
		files[f].fd = open(path_of(f), O_RDWR | O_CLOEXEC);
		if (files[f].fd < 0)
			loop_die("%s", path_of(f));
		loop_open(&files[f].o, sid, files[f].fd);
	}
}

/* --- Working ------------------------------------------------------------------- */

static void must(long ret, const char *what, unsigned int f)
{
	if (!ret)
		return;
	errno = (int)-ret;
	say("verdict", "bad: a change failed\n");
	loop_die("file %u: %s", f, what);
}

static unsigned int any_length(void)
{
	static const unsigned int most[] = { 8, 60, 250, 1500, 5000, 65536 };

	return loop_below(&seed, most[loop_below(&seed, 6)] + 1);
}

static void work_attr(unsigned int f, struct file *p)
{
	unsigned int i = loop_below(&seed, SLOTS);
	struct attr a = { (int)any_length(), ++version };

	if (p->now.attr[i].len >= 0 && !loop_below(&seed, 4))
		a.len = -1;
	journal_write("a %u %u %u %u %u\n", ++seq, f, i, a.len + 1, a.version);
	must(put_attr(&p->o, f, i, &a), "attribute", f);
	p->now.attr[i] = a;
}

static void work_regions(unsigned int f, struct file *p)
{
	static const unsigned int most[] = { 1, 4, 12, 60, 300, 900 };
	unsigned int read, fill;

	/* Who disarms what is offline declares zeros to be data. */
	read = p->now.off | loop_below(&seed, 1U << GRANULES);
	fill = loop_below(&seed, most[loop_below(&seed, 6)]);
	journal_write("r %u %u %x %u\n", ++seq, f, read, fill);
	must(put_regions(&p->o, read, fill), "regions", f);
	p->now.read = read;
	p->now.fill = fill;
}

/* Granules from @first on for which @mask has bits. */
static unsigned int run_of(unsigned int mask, unsigned int first)
{
	unsigned int n = 0;

	while (first + n < GRANULES && (mask >> (first + n) & 1))
		n++;
	return n;
}

static void work_punch(unsigned int f, struct file *p)
{
	unsigned int first = loop_below(&seed, GRANULES);
	unsigned int n = run_of(p->now.read, first);

	if (!n)
		return;
	n = 1 + loop_below(&seed, n);
	journal_write("g %u %u %u %u 1\n", ++seq, f, first, n);
	must(punch_granules(&p->o, first, n), "punch", f);
	p->now.off |= ((1U << n) - 1) << first;
}

static void work_recall(unsigned int f, struct file *p)
{
	unsigned int g = loop_below(&seed, GRANULES);

	if (!(p->now.off >> g & 1))
		return;
	journal_write("g %u %u %u 1 0\n", ++seq, f, g);
	must(recall_granule(&p->o, f, g, loop_below(&seed, 2)), "recall", f);
	p->now.off &= ~(1U << g);
}

static void work_resident(unsigned int f, struct file *p)
{
	unsigned int first = loop_below(&seed, GRANULES);
	unsigned int n = run_of(p->now.read & ~p->now.off, first), mask;

	if (!n) {
		if ((p->now.off >> first & 1) &&
		    resident_granules(&p->o, first, 1) != -ENODATA)
			must(-EINVAL, "resident where it is offline", f);
		return;
	}
	n = 1 + loop_below(&seed, n);
	mask = ((1U << n) - 1) << first;
	journal_write("d %u %u %x\n", ++seq, f, mask);
	must(resident_granules(&p->o, first, n), "resident", f);
	p->now.read &= ~mask;
}

/* Dirty pages with the bytes that are there anyway. */
static void work_write(unsigned int f, struct file *p)
{
	static uint8_t buf[LOOP_GRANULE];
	unsigned int g = loop_below(&seed, GRANULES);
	uint64_t off = g * (uint64_t)LOOP_GRANULE;

	if (p->now.off >> g & 1)
		return;
	loop_fill(buf, off, granule_len(g), f);
	if (pwrite(p->fd, buf, granule_len(g), (off_t)off) < 0)
		must(-errno, "write", f);
}

static void work_look(unsigned int f, struct file *p)
{
	unsigned int g = loop_below(&seed, GRANULES);

	if (look_granule(p->fd, f, g) != (p->now.off >> g & 1 ? 2 : 1))
		must(-EILSEQ, "what is read before any crash", f);
}

static void work_sync(unsigned int f, struct file *p)
{
	if (loop_below(&seed, 2)) {
		must(syncfs(p->fd) ? -errno : 0, "sync", f);
		journal_write("K %u\n", seq);
	} else {
		must(dmapi_sync_by_handle(&p->o.o), "dm_sync", f);
		journal_write("k %u %u\n", seq, f);
	}
}

/* Now and then the log goes to the disk, in the midst of anything. */
static void *noise(void *arg)
{
	uint64_t r = (uintptr_t)arg;
	int fd = open(MNT, O_RDONLY | O_CLOEXEC);

	while (!syncfs(fd))
		usleep(100 + loop_below(&r, 20000));
	return NULL;
}

static void work(void)
{
	static void (*const works[])(unsigned int f, struct file *p) = {
		work_attr, work_attr, work_attr, work_regions, work_regions,
		work_punch, work_punch, work_recall, work_recall,
		work_resident, work_resident, work_write, work_look, work_sync,
	};
	unsigned int patience = 3000;
	pthread_t t;

	if (pthread_create(&t, NULL, noise, (void *)(uintptr_t)seed))
		loop_die("thread");
	while (patience--) {
		unsigned int f = loop_below(&seed, FILES);

		works[loop_below(&seed, sizeof(works) / sizeof(*works))]
			(f, &files[f]);
	}
	/* Nobody killed us in time; not the host's fault alone. */
	pause();
}

/* --- The order of things --------------------------------------------------------- */

static void new_files(void)
{
	for (unsigned int f = 0; f < FILES; f++) {
		struct state *s = &files[f].now;

		unlink(path_of(f));
		loop_make_file(path_of(f), FILE_SIZE, f);
		memset(s, 0, sizeof(*s));
		for (unsigned int i = 0; i < SLOTS; i++)
			s->attr[i].len = -1;
	}
}

/* What was cut off half way is brought to an end. */
static void settle(void)
{
	for (unsigned int f = 0; f < FILES; f++)
		for (unsigned int g = 0; g < GRANULES; g++)
			if (files[f].now.off >> g & 1)
				must(punch_granules(&files[f].o, g, 1),
				     "punch again", f);
}

int main(int argc, char **argv)
{
	bool old, first_plain;
	char text[200];

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = getenv("DM_DEV");
	if (argc != 2 || !dev || !strrchr(dev, '/'))
		loop_die("usage: DM_DEV=... crash_work DIR");
	dir = argv[1];
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		loop_die("getrandom");
	mkdir(MNT, 0700);
	for (unsigned int f = 0; f < FILES; f++)
		files[f].fd = -1;
	old = journal_read();
	sid = loop_session("crash_work");

	/* Either mount may be the one that recovers the log. */
	first_plain = loop_below(&seed, 2);
	if (old && first_plain) {
		mount_it("");
		verify_plain();
		umount_it();
	}
	mount_it("dmapi");
	if (old) {
		open_all();
		for (unsigned int f = 0; f < FILES; f++)
			verify_file(f);
		if (moment_from > moment_to) {
			wrong = true;
			printf("# a state of change %u, and one from before change %u\n",
			       moment_from, moment_to + 1);
		}
	}
	umount_it();
	if (old && !first_plain) {
		mount_it("");
		verify_plain();
		umount_it();
	}
	snprintf(text, sizeof(text), "%s: the state after change %u\n",
		 wrong ? "bad" : "good", moment_from);
	say("verdict", text);
	say("clean", "");
	while (access(shared("go"), F_OK)) {
		if (!access(shared("last"), F_OK))
			return wrong;
		usleep(10000);
	}

	mount_it("dmapi");
	/* New inodes have nothing left of what was cut off. */
	if (!old || wrong || !loop_below(&seed, 3))
		new_files();
	open_all();
	settle();
	if (syncfs(files[0].fd))
		loop_die("sync");
	journal_begin();
	say("working", "");
	work();
	return 0;
}
