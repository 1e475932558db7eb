// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that change below overlayfs
 *
 * What is one change for its user are several for the layers: something is made
 * in the working directory under a name that nobody chose, filled, and moved to
 * where it belongs.  All of them are events.  Whatever is answered to any of them,
 * the user finds all of his change or nothing of it, the working directory keeps
 * nothing, and it comes to an end.
 */
#include <dirent.h>

#include "names.h"
#include "overlay.h"

#define PATIENCE	20000	/* ms */
#define REFUSED		EREMOTEIO
#define MOST		16	/* events of one change */
#define TEMPS		64

/* --- The ways ------------------------------------------------------------------- */

struct way {
	const char *name;
	int (*run)(void);
};

static int make(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640);

	return fd < 0 ? fd : close(fd);
}

static int add_byte(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int ret = fd < 0 ? fd : write(fd, "x", 1) == 1 ? 0 : -1;

	if (fd >= 0)
		close(fd);
	return ret;
}

static int do_open(void) { return make("new"); }
static int do_open_again(void) { return make("gone"); }
static int do_mkdir(void) { return mkdir("new", 0700); }
static int do_mkdir_again(void) { return mkdir("gone", 0700); }
static int do_mkfifo(void) { return mkfifo("d/new", 0600); }
static int do_symlink(void) { return symlink("somewhere", "new"); }
static int do_symlink_again(void) { return symlink("somewhere", "gone"); }
static int do_link_upper(void) { return link("u", "new"); }
static int do_link_lower(void) { return link("f", "new"); }
static int do_link_again(void) { return link("f", "gone"); }
static int do_unlink_upper(void) { return unlink("u"); }
static int do_unlink_lower(void) { return unlink("f"); }
static int do_rmdir_upper(void) { return rmdir("udir"); }
static int do_rmdir_lower(void) { return rmdir("empty"); }
static int do_rename_upper(void) { return rename("u", "udir/new"); }
static int do_rename_lower(void) { return rename("f", "new"); }
static int do_rename_over(void) { return rename("f", "u"); }
static int do_rename_deep(void) { return rename("d/e/x", "new"); }
static int do_append_lower(void) { return add_byte("f"); }
static int do_append_deep(void) { return add_byte("d/e/x"); }
static int do_chmod_lower(void) { return chmod("f", 0444); }

static int do_tmpfile(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int ret = fd < 0 ? fd : linkat(fd, "", AT_FDCWD, "new", AT_EMPTY_PATH);

	if (fd >= 0)
		close(fd);
	return ret;
}

#define WAY(n) { #n, do_##n }
static const struct way ways[] = {
	WAY(open), WAY(open_again), WAY(mkdir), WAY(mkdir_again), WAY(mkfifo),
	WAY(symlink), WAY(symlink_again), WAY(link_upper), WAY(link_lower),
	WAY(link_again), WAY(unlink_upper), WAY(unlink_lower), WAY(rmdir_upper),
	WAY(rmdir_lower), WAY(rename_upper), WAY(rename_lower), WAY(rename_over),
	WAY(rename_deep), WAY(append_lower), WAY(append_deep), WAY(chmod_lower),
	WAY(tmpfile),
};

static long child(void *arg)
{
	const struct way *w = arg;

	return w->run() ? -errno : 0;
}

/* --- What can be seen ------------------------------------------------------------- */

struct view {
	char text[2048];
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void look_into(const char *dir, struct view *v)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, by_name);

	for (int i = 0; i < n; i++) {
		size_t used = strlen(v->text);
		char path[PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && !lstat(path, &st)) {
			snprintf(v->text + used, sizeof(v->text) - used, "%s %o %ld\n",
				 path, st.st_mode,
				 S_ISDIR(st.st_mode) ? 0 : (long)st.st_size);
			if (S_ISDIR(st.st_mode))
				look_into(path, v);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void look(struct view *v)
{
	v->text[0] = 0;
	look_into(".", v);
}

/* What is left in the working directory, but for one whiteout, which is kept. */
static int litter(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *de;
	struct stat st;
	int n = 0, whiteouts = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/work/work", dir);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '#' &&
		    !fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			n += !S_ISCHR(st.st_mode) || whiteouts++;
	}
	if (d)
		closedir(d);
	return n;
}

/* --- The manager ------------------------------------------------------------------- */

/**
 * struct told - what a manager knows
 * @asked: how often
 * @temp: made-up names that exist as far as one was told
 * @ntemp: how many
 * @stray: told twice, or not at all
 */
struct told {
	int asked;
	char temp[TEMPS][32];
	int ntemp;
	int stray;
};

static void comes(struct told *t, const char *name)
{
	if (name[0] == '#' && t->ntemp < TEMPS)
		snprintf(t->temp[t->ntemp++], sizeof(t->temp[0]), "%.31s", name);
}

/* What is there before anybody listens. */
static void comes_all(struct told *t, const char *dir)
{
	char path[PATH_MAX];
	struct dirent *de;
	DIR *d;

	snprintf(path, sizeof(path), "%s/work/work", dir);
	d = opendir(path);
	while (d && (de = readdir(d)))
		comes(t, de->d_name);
	if (d)
		closedir(d);
}

static void goes(struct told *t, const char *name)
{
	if (name[0] != '#')
		return;
	for (int i = 0; i < t->ntemp; i++) {
		if (!strcmp(t->temp[i], name)) {
			memcpy(t->temp[i], t->temp[--t->ntemp], sizeof(t->temp[0]));
			return;
		}
	}
	t->stray++;
}

/* Answer, or write down what was told. */
static void hear(__s32 sid, const struct dm_named *e, struct told *t, int refuse)
{
	t->stray += e->broken;
	if (e->token) {
		if (t->asked++ == refuse)
			dm_abort(sid, e->token, REFUSED);
		else
			dm_continue(sid, e->token);
		return;
	}
	if (e->retcode)
		return;
	switch (e->type) {
	case DMAPI_EVENT_POSTCREATE:
	case DMAPI_EVENT_POSTLINK:
	case DMAPI_EVENT_POSTSYMLINK:
		comes(t, e->name1);
		break;
	case DMAPI_EVENT_POSTREMOVE:
		goes(t, e->name1);
		break;
	case DMAPI_EVENT_POSTRENAME:
		goes(t, e->name1);
		comes(t, e->name2);
		break;
	}
}

/* --- The test's own ------------------------------------------------------------------ */

FIXTURE(stack_names) {
	DM_FIXTURE_FIELDS;
	char merged[PATH_MAX];
};

FIXTURE_SETUP(stack_names)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	umask(0);
	snprintf(self->dir, sizeof(self->dir), "%s/stacked.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, dmapi_create_session(0, "stack_names_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS));
}

static void clear(__s32 sid, const char *dir, const char *merged)
{
	dm_set_fs_list(sid, 0);
	if (chdir("/"))
		return;
	umount2(merged, MNT_DETACH);
	dm_rm_rf(dir);
}

FIXTURE_TEARDOWN(stack_names)
{
	clear(self->sid, self->dir, self->merged);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
}

/* lower: f gone empty/ d/e/x; upper: u udir/; and "gone" is gone. */
static long world(__s32 sid, const char *dir, char *merged)
{
	long ret;

	if (merged[0])
		clear(sid, dir, merged);
	if (mkdir(dir, 0755))
		return -errno;
	ret = dm_layers(dir);
	if (ret)
		return ret;
	if (chdir(dir) || make("lower/f") || make("lower/gone") || mkdir("lower/empty", 0755) ||
	    mkdir("lower/d", 0755) || mkdir("lower/d/e", 0755) || make("lower/d/e/x") ||
	    add_byte("lower/f") || make("upper/u") || mkdir("upper/udir", 0755))
		return -errno;
	ret = dm_overlay(dir, merged);
	if (ret)
		return ret;
	return chdir(merged) || unlink("gone") ? -errno : 0;
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(stack_names) *self

/* The refusal of @refuse (from 0, -1: none) reaches the user, or nothing does. */
static long go(FIX, const struct way *w, int refuse, struct told *t)
{
	struct dm_named e;
	long ret = DM_RUNNING;
	pid_t pid;

	memset(t, 0, sizeof(*t));
	comes_all(t, self->dir);
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_NAME_EVENTS));
	pid = dm_spawn(child, (void *)w);
	for (int left = PATIENCE; left > 0 && ret == DM_RUNNING; left -= 4) {
		while (!dm_next_named(self->sid, &e, 0))
			hear(self->sid, &e, t, refuse);
		ret = dm_wait(pid, 4);
	}
	if (ret == DM_RUNNING)
		kill(pid, SIGKILL);
	while (!dm_next_named(self->sid, &e, 0))
		hear(self->sid, &e, t, refuse);
	EXPECT_EQ(0, dm_set_fs_list(self->sid, 0));
	EXPECT_GE(MOST, t->asked);
	EXPECT_EQ(0, t->stray);
	EXPECT_GE(1, t->ntemp);
	EXPECT_EQ(0, litter(self->dir));
	return ret;
}

/* One by one, each event of each change is refused, until there are no more. */
TEST_F_TIMEOUT(stack_names, refused, 200)
{
	struct view before, after, seen;
	struct told t;
	int failed = 0;
	long ret;

	for (const struct way *w = ways; w < ways + sizeof(ways) / sizeof(*ways); w++) {
		ASSERT_EQ(0, world(self->sid, self->dir, self->merged));
		look(&before);
		ASSERT_EQ(0, w->run()) TH_LOG("%s: %m", w->name);
		look(&after);

		for (int n = -1; n < MOST; n++) {
			ASSERT_EQ(0, world(self->sid, self->dir, self->merged));
			ret = go(_metadata, self, w, n, &t);
			look(&seen);
			if (ret == -REFUSED && n >= 0) {
				EXPECT_STREQ(before.text, seen.text);
			} else {
				EXPECT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
				EXPECT_STREQ(after.text, seen.text);
			}
			if (n < 0)
				TH_LOG("%s: %d events", w->name, t.asked);
			if (!__test_passed(_metadata) && !failed++)
				TH_LOG("%s, the %dth refused", w->name, n + 1);
			if (t.asked <= n)
				break;
		}
	}
}

static long look_child(void *arg)
{
	look(arg);
	return stat("u", &(struct stat){}) ? -errno : 0;
}

/* While it waits, nobody is kept out. */
TEST_F(stack_names, usable)
{
	static struct view seen;
	struct told t = { };
	struct dm_named e;
	pid_t pid, other;

	ASSERT_EQ(0, world(self->sid, self->dir, self->merged));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_PRE_EVENTS));
	pid = dm_spawn(child, (void *)&ways[0]);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(DMAPI_EVENT_CREATE, e.type);
	other = dm_spawn(look_child, &seen);
	EXPECT_EQ(0, dm_wait(other, PATIENCE));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	hear(self->sid, &e, &t, -1);
	while (!dm_next_named(self->sid, &e, 100))
		hear(self->sid, &e, &t, -1);
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
}

TEST_HARNESS_MAIN
