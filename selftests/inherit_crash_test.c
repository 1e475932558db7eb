// SPDX-License-Identifier: GPL-2.0
/*
 * The file system shuts down while objects are made that inherit DM attributes
 *
 * Each run: a directory with up to four DM attributes that are inherited, small
 * ones and such that take blocks, synced.  Objects of all types are made in it,
 * until the file system is shut down at a moment by chance or an error that XFS
 * injects between the transactions of an attribute shuts it down.  After log
 * recovery an object has every attribute with its value, or it is not there;
 * what was synced is there; and xfs_repair finds nothing, no inode without a
 * name among it.
 *
 *	LOOP_SECONDS	how long (12)
 *	LOOP_SEED	of the choices
 *	LOOP_PARENT	if set, with parent pointers
 *	DM_DEV2		a device to use up
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MNT	"/mnt/inherit"

#include "loop_dm.h"
#include "shutdown.h"

#define NAMES	4
#define OBJECTS	300

static const char names[NAMES][DMAPI_ATTR_NAME_SIZE] = {
	"policy", "b\0b", "cccccccc", "DMATTR5",
};

static const mode_t types[] = {
	S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK,
};

#define TYPES	(sizeof(types) / sizeof(types[0]))

static struct result {
	unsigned int	runs, bad, made, there, down;
} results[HOWS];

static void must(long ret, const char *what)
{
	if (!ret)
		return;
	errno = (int)-ret;
	loop_die("%s", what);
}

static long object(const char *path, uint8_t *han, struct dmapi_object *o,
		bool fs)
{
	__u64 len = 0;
	long ret = fs ? dmapi_path_to_fshandle(path, han, &len) :
			dmapi_path_to_handle(path, han, &len);

	*o = (struct dmapi_object) {
		.sid = sid, .token = DMAPI_NO_TOKEN, .hanp = DM_PTR(han),
		.hlen = len,
	};
	return ret;
}

static int some_size(void)
{
	switch (loop_below(&seed, 6)) {
	case 0:
		return -1;
	case 1:
	case 2:
		return (int)loop_below(&seed, 90);
	case 3:
		return 100 + (int)loop_below(&seed, 200);
	case 4:
		return 300 + (int)loop_below(&seed, 3000);
	}
	return 5000 + (int)loop_below(&seed, 60537);
}

static void path_of(char path[64], unsigned int run, unsigned int n)
{
	snprintf(path, 64, MNT "/%u/%u", run, n);
}

static int make(const char *path, unsigned int n)
{
	static char target[1024];
	mode_t type = types[n % TYPES];
	int fd;

	switch (type) {
	case S_IFREG:
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		return fd < 0 ? -1 : close(fd);
	case S_IFDIR:
		return mkdir(path, 0700);
	case S_IFLNK:
		memset(target, 't', sizeof(target));
		target[1 + n * 7 % 1000] = 0;
		return symlink(target, path);
	default:
		return mknod(path, type | 0600, makedev(1, 3));
	}
}

/* 1 if it is there with all that it must have, 0 if it is not there. */
static int look(unsigned int run, unsigned int n, const int *sizes)
{
	static uint8_t value[65536], want[65536], list[1 << 19];
	uint8_t han[DMAPI_HANDLE_LEN];
	struct dmapi_object o;
	unsigned int has = 0, there = 0;
	struct stat st;
	char path[64];
	__u64 len;

	path_of(path, run, n);
	if (lstat(path, &st)) {
		if (errno == ENOENT)
			return 0;
		printf("# %s: %s\n", path, strerror(errno));
		return -1;
	}
	if ((st.st_mode & S_IFMT) != types[n % TYPES] ||
	    st.st_nlink != (S_ISDIR(st.st_mode) ? 2U : 1U) ||
	    (S_ISLNK(st.st_mode) && st.st_size != 1 + n * 7 % 1000)) {
		printf("# %s: mode %o, %u links, %lld bytes\n", path, st.st_mode,
		       (unsigned int)st.st_nlink, (long long)st.st_size);
		return -1;
	}
	must(object(path, han, &o, false), path);
	for (unsigned int i = 0; i < NAMES; i++) {
		long ret = dmapi_get_dmattr(&o, names[i], sizeof(value), value,
					    &len);

		if (sizes[i] < 0 && ret == -ENOENT)
			continue;
		has++;
		loop_value(want, sizes[i] < 0 ? 0 : (size_t)sizes[i], run, i, 1);
		if (ret || sizes[i] < 0 || len != (__u64)sizes[i] ||
		    memcmp(value, want, len)) {
			printf("# %s: attribute %u of %d bytes: result %ld, %llu bytes\n",
			       path, i, sizes[i], ret, (unsigned long long)len);
			return -1;
		}
	}
	must(dmapi_getall_dmattr(&o, sizeof(list), list, &len), "list");
	for (__u64 at = 0; at < len; there++) {
		struct dmapi_attrlist a;

		memcpy(&a, list + at, sizeof(a));
		at = a.link ? at + (__u64)a.link : len;
	}
	if (there != has) {
		printf("# %s: %u attributes, not %u\n", path, there, has);
		return -1;
	}
	return 1;
}

static void run(enum how how, unsigned int n, double *took)
{
	struct result *r = &results[how];
	bool noisy = loop_below(&seed, 2), error = how >= ERROR, bad = false;
	struct killer k = { .flags = how_flags[how] };
	unsigned int made = 0, durable = 0, i;
	uint8_t han[DMAPI_HANDLE_LEN];
	struct dmapi_object o;
	int sizes[NAMES], fd, there;
	pthread_t kt, nt;
	double begin;
	char path[64];

	mount_it(how == ERROR_WSYNC ? "dmapi,wsync" : "dmapi");
	snprintf(path, sizeof(path), MNT "/%u", n);
	if (mkdir(path, 0700))
		loop_die("%s", path);
	must(object(path, han, &o, false), path);
	for (i = 0; i < NAMES; i++) {
		static uint8_t value[65536];

		sizes[i] = some_size();
		if (sizes[i] < 0) {
			dmapi_remove_dmattr(&o, names[i], 0);
			continue;
		}
		loop_value(value, (size_t)sizes[i], n, i, 1);
		must(dmapi_set_dmattr(&o, names[i], 0, (__u64)sizes[i], value),
		     "set attribute");
	}
	must(object(MNT, han, &o, true), MNT);
	for (i = 0; i < NAMES; i++)
		must(dmapi_set_inherit(&o, names[i], 0), "inherit");
	fd = open(MNT, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd))
		loop_die("sync");

	noise_stop = false;
	if (noisy && pthread_create(&nt, NULL, noise, &fd))
		loop_die("thread");
	begin = loop_now();
	if (error) {
		char factor[16];

		snprintf(factor, sizeof(factor), "%u", 1 + loop_below(&seed, 40));
		if (!write_file(sysfs("errortag/larp"), factor))
			loop_die("errortag");
	} else {
		k.fd = fd;
		k.at = begin + *took * (double)loop_below(&seed, 1000) / 1000;
		k.go = true;
		if (pthread_create(&kt, NULL, killer, &k))
			loop_die("thread");
	}
	for (; made < OBJECTS && loop_now() < begin + 1; made++) {
		path_of(path, n, made);
		if (make(path, made))
			break;
		if (loop_below(&seed, 8) == 0 && !syncfs(fd))
			durable = made + 1;
	}
	r->down += made < OBJECTS;
	if (!error)
		pthread_join(kt, NULL);
	else
		ioctl(fd, GOINGDOWN, &(uint32_t){ loop_below(&seed, 2) + 1 });
	if (!error)
		*took = made ? (loop_now() - begin) * 2 : *took * 2;
	if (*took > 0.5)
		*took = 0.5;
	noise_stop = true;
	if (noisy)
		pthread_join(nt, NULL);
	close(fd);
	umount_it();

	/* Recovery on a plain mount does as well. */
	if (loop_below(&seed, 4) == 0) {
		mount_it("");
		umount_it();
	}
	mount_it("dmapi");
	for (i = 0; i <= made; i++) {
		there = look(n, i, sizes);
		if (there < 0)
			bad = true;
		if (!there && i < durable) {
			printf("# %u was synced, and is not there\n", i);
			bad = true;
		}
		r->there += there > 0;
	}
	umount_it();
	judge_klog();
	if (bad)
		printf("# ... run %u, %s: %d, %d, %d, %d bytes, %u made\n", n,
		       how_names[how], sizes[0], sizes[1], sizes[2], sizes[3],
		       made);
	r->runs++;
	r->bad += bad;
	r->made += made;
	fflush(stdout);
}

/* Were objects kept, and others lost? */
static bool kept_and_lost(void)
{
	bool kept = false, lost = false;

	for (unsigned int i = 0; i < HOWS; i++) {
		kept |= results[i].there;
		lost |= results[i].made > results[i].there;
	}
	return kept && lost;
}

static int all(void)
{
	bool parent = getenv("LOOP_PARENT");
	double seconds, end, took = 0.05;
	unsigned int n = 0, runs = 0, bad = 0;
	char cmd[256];
	int error;

	error = begin("inherit_crash_test", parent ? "parent" : NULL, &seconds);
	if (error)
		return error;

	end = loop_now() + seconds;
	/* A slow machine takes longer until both have been seen. */
	while (loop_now() < end || runs < 2 * HOWS ||
	       (!kept_and_lost() && loop_now() < end + 4 * seconds)) {
		enum how how = runs % HOWS;

		if (how >= ERROR && !have_errors)
			how = NOLOGFLUSH;
		run(how, runs++, &took);
	}
	for (unsigned int i = 0; i < HOWS; i++) {
		struct result *r = &results[i];

		if (!r->runs)
			continue;
		printf("%sok %u %s\n", r->bad ? "not " : "", ++n, how_names[i]);
		printf("# %u runs, %u wrong; %u objects made, %u there; %u creations failed\n",
		       r->runs, r->bad, r->made, r->there, r->down);
		bad += r->bad;
	}
	bad += !kept_and_lost();
	printf("%sok %u objects were kept, and others lost\n",
	       kept_and_lost() ? "" : "not ", ++n);
	bad += !!klog_bad;
	printf("%sok %u the kernel complained of what was injected alone\n",
	       klog_bad ? "not " : "", ++n);
	if (parent) {
		printf("ok %u # SKIP xfs_repair does not know parent pointers\n",
		       ++n);
	} else {
		snprintf(cmd, sizeof(cmd), "xfs_repair -n %s > /run/repair 2>&1 || "
			 "{ head -n 40 /run/repair | sed 's/^/# repair: /'; false; }",
			 dev);
		fflush(stdout);
		if (system(cmd)) {
			bad++;
			printf("not ");
		}
		printf("ok %u xfs_repair finds nothing\n", ++n);
	}
	dmapi_destroy_session(sid);
	printf("1..%u\n", n);
	return bad ? 1 : 0;
}

int main(void)
{
	return quietly(all);
}
