// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once
 *
 * stress-ng's stressors of file systems work in a directory where every event is
 * raised that there is, and whatever they make is born with a region over all of it.
 * The manager answers at random: yes, no, late, or it dies with the answers owed,
 * and its heir takes the session over.  The stressors do not know what hit them, so
 * what they report is not looked at.  But they end, nobody waits for ever, nothing
 * is left in a queue, and all can be removed.
 *
 *	STRESS_SECONDS	for each stressor (1)
 *	STRESS_ONLY	names of stressors, separated by commas, instead of all
 *	LOOP_SEED	of the choices made here
 */
#include "names.h"
#include "loop_dm.h"
#include "manager.h"

#define PATIENCE	20000	/* ms */
#define OBJECTS		(DM_NAME_EVENTS | DM_BIT(CANCEL) | DM_BIT(DEBUT) | DM_BIT(CLOSE) | \
			 DM_BIT(ATTRIBUTE) | DM_BIT(DESTROY))
#define DATA		(DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE))
#define DATA_FLAGS	(DMAPI_REGION_READ | DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE)

static const char *const stressors[] = {
	"access", "chdir", "chmod", "chown", "copy-file", "dentry", "dir", "dirdeep",
	"dirmany", "dnotify", "fallocate", "fcntl", "fiemap", "file-ioctl", "filename",
	"flock", "fpunch", "fsize", "fstat", "getdent", "handle", "hdd", "inode-flags",
	"inotify", "io", "iomix", "lease", "link", "locka", "lockf", "lockofd", "mknod",
	"open", "rename", "symlink", "sync-file", "touch", "utime", "xattr",
	/* of other classes, for what they do to files */
	"aio", "io-uring", "readahead", "revio", "seek", "sendfile",
};

/* In shared memory */
struct book {
	__s32		sid;
	bool		over;
	unsigned long	events;
	unsigned long	answered;
	unsigned long	refused;
	unsigned long	deaths;
	unsigned long	broken;
	unsigned long	of[DMAPI_EVENT_MAX];
	__u64		seed;
};

static struct book *book;
static uint64_t chance;

static unsigned int below(unsigned int n)
{
	return loop_below(&chance, n);
}

/* --- The manager ------------------------------------------------------------------ */

static void handle(const char *p)
{
	struct dmapi_eventmsg m;
	long ret;

	memcpy(&m, p, sizeof(m));
	book->events++;
	if (m.type >= DMAPI_EVENT_MAX) {
		book->broken++;
		return;
	}
	book->of[m.type]++;
	if (!m.token)
		return;
	switch (below(64)) {
	case 0:
		dm_sleep_ms(1 + below(5));
		break;
	case 1:
		if (below(16) == 0) {
			book->deaths++;
			kill(getpid(), SIGKILL);
		}
		break;
	case 2:
	case 3:
		ret = dm_abort(book->sid, m.token, EREMOTEIO);
		book->refused += !ret;
		book->broken += ret && ret != -ESRCH;
		return;
	}
	ret = dm_continue(book->sid, m.token);
	book->answered += !ret;
	book->broken += ret && ret != -ESRCH;
}

static long manager(void *arg)
{
	static char buf[1 << 17];

	(void)arg;
	chance = book->seed + book->deaths * 31 + 1;
	return dm_manage(book->sid, buf, sizeof(buf), &book->over, handle);
}

static pid_t spawn_manager(void)
{
	__s32 sid;

	if (dmapi_create_session(book->sid, "stress_test", &sid))
		return -1;
	book->sid = sid;
	return dm_spawn(manager, NULL);
}

/* --- The stress ----------------------------------------------------------------------- */

FIXTURE(stress) {
	char	dir[256];
};

FIXTURE_SETUP(stress)
{
	const char *s = getenv("LOOP_SEED");
	struct dmapi_object o;
	struct dm_handle h;

	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	if (system("stress-ng --version > /dev/null 2>&1"))
		SKIP(return, "stress-ng is not installed");
	book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)book);
	book->seed = s ? strtoull(s, NULL, 0) : (__u64)time(NULL);
	snprintf(self->dir, sizeof(self->dir), "%s/stress.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0777));
	ASSERT_EQ(0, dmapi_create_session(0, "stress_test", &book->sid));
	ASSERT_EQ(0, dm_want(book->sid, OBJECTS | DATA | DM_BIT(NOSPACE)));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &h));
	o = dm_obj(book->sid, &h);
	ASSERT_EQ(0, dmapi_set_born(&o, 0, DATA_FLAGS));
	ASSERT_EQ(0, dm_set_fs_list(book->sid, OBJECTS | DM_BIT(NOSPACE)));
}

FIXTURE_TEARDOWN(stress)
{
	struct dmapi_object o;
	struct dm_handle h;

	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &h));
	o = dm_obj(book->sid, &h);
	dmapi_set_born(&o, 0, 0);
	dm_set_fs_list(book->sid, 0);
	dm_sysfs_set("data_policy", "continue");
	dm_drain(book->sid);
	dmapi_destroy_session(book->sid);
	dm_rm_rf(self->dir);
	dm_sysfs_set("data_policy", "block");
}

struct run {
	const char *name;
	const char *dir;
};

static long stress(void *arg)
{
	const char *s = getenv("STRESS_SECONDS");
	struct run *r = arg;
	char cmd[1000];
	int status;

	snprintf(cmd, sizeof(cmd),
		 "cd '%s' && exec timeout -s KILL %ld stress-ng --temp-path '%s' --%s 2 -t %ss -q --hdd-bytes 4m --fallocate-bytes 4m --copy-file-bytes 128m --iomix-bytes 4m --aio-requests 8 > /dev/null 2>&1",
		 r->dir, (s ? atol(s) : 1) * 10 + 30, r->dir, r->name, s ? s : "1");
	status = WEXITSTATUS(system(cmd));
	/* 1: it did not understand; otherwise the stressor found something. */
	return status == 137 ? -ETIME : status == 1 ? -EINVAL : 0;
}

static bool chosen(const char *name)
{
	const char *only = getenv("STRESS_ONLY"), *p;
	size_t len = strlen(name);

	for (p = only; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
	return !only;
}

TEST_F_TIMEOUT(stress, everything, 900)
{
	unsigned int n = sizeof(stressors) / sizeof(stressors[0]);
	pid_t pid, m = spawn_manager();
	unsigned int kinds = 0;
	long ret, mret;

	ASSERT_LT(0, m);
	for (unsigned int i = 0; i < n; i++) {
		struct run r = { stressors[i], self->dir };
		unsigned long before = book->events;

		if (!chosen(r.name))
			continue;
		pid = dm_spawn(stress, &r);
		while ((ret = dm_wait(pid, 20)) == DM_RUNNING) {
			mret = dm_wait(m, 0);
			if (mret == DM_RUNNING)
				continue;
			ASSERT_EQ(DM_SIGNALLED, mret);
			m = spawn_manager();
			ASSERT_LT(0, m);
		}
		EXPECT_EQ(0, ret) TH_LOG("%s: %s", r.name, strerror(-ret));
		TH_LOG("%s: %lu events", r.name, book->events - before);
	}
	__atomic_store_n(&book->over, true, __ATOMIC_SEQ_CST);
	while ((mret = dm_wait(m, PATIENCE)) == DM_SIGNALLED) {
		m = spawn_manager();
		ASSERT_LT(0, m);
	}
	EXPECT_EQ(0, mret);
	EXPECT_EQ(0, book->broken);
	for (int t = 0; t < DMAPI_EVENT_MAX; t++)
		kinds += book->of[t] != 0;
	if (!getenv("STRESS_ONLY"))
		EXPECT_LE(17, kinds);
	TH_LOG("%lu events of %u kinds, %lu answered, %lu refused; the manager died %lu times",
	       book->events, kinds, book->answered, book->refused, book->deaths);
	EXPECT_EQ(0, system("! sed 1d /proc/fs/xfs/dmapi_waiters | grep ."));
}

TEST_HARNESS_MAIN
