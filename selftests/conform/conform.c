// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conformance suite's frame
 *
 *	conform_test [-l] [PATTERN...]
 *
 * runs the cases whose names match, and with -l lists them and runs nothing,
 * which needs no kernel of ours.  Output is TAP.
 *
 *	DM_MNT, DM_DEV	where a file system is mounted with -o dmapi, and its device
 */
#include <fnmatch.h>

#include "conform.h"
#include "generic.h"

struct world w;

static struct func *funcs, **funcs_end = &funcs;
static struct ccase *cases, **cases_end = &cases;
static char **patterns;
static bool listing;

/* Told by children to their parent */
static struct {
	int	n, failed, passed;
	bool	open;			/* a case has begun and not ended */
	char	name[100];
} *tap;

static bool failed;			/* the case that runs */
static bool seen[256];			/* errnos that calls failed with in it */
static char must_see[20];		/* one of them, by name */

void conform_add_func(struct func *f)
{
	*funcs_end = f;
	funcs_end = &f->next;
}

void conform_add_case(struct ccase *c)
{
	*cases_end = c;
	cases_end = &c->next;
}

/* --- Results --------------------------------------------------------------- */

static bool wanted(const char *name)
{
	char **p;

	for (p = patterns; *p; p++)
		if (!fnmatch(*p, name, 0))
			return true;
	return p == patterns;
}

bool conform_begin(const char *fn, const char *name)
{
	char full[sizeof(tap->name)];
	size_t len = strcspn(name, "_");

	snprintf(full, sizeof(full), "%s.%s", fn, name);
	if (!wanted(full))
		return false;
	if (listing) {
		puts(full);
		return false;
	}
	strcpy(tap->name, full);
	tap->open = true;
	failed = false;
	memset(seen, 0, sizeof(seen));
	must_see[0] = '\0';
	if (name[0] == 'E' && len < sizeof(must_see)) {
		memcpy(must_see, name, len);
		must_see[len] = '\0';
	}
	return true;
}

static bool saw(const char *name)
{
	int e;

	if (!strcmp(name, "EWOULDBLOCK"))
		name = "EAGAIN";
	if (!strcmp(name, "ENOTSUP"))
		name = "EOPNOTSUPP";
	for (e = 1; e < (int)ARRAY_SIZE(seen); e++)
		if (strerrorname_np(e) && !strcmp(strerrorname_np(e), name))
			return seen[e];
	return false;
}

static void result(const char *skip)
{
	if (must_see[0] && !skip && !failed && !saw(must_see)) {
		printf("# no call failed with %s\n", must_see);
		failed = true;
	}
	tap->n++;
	if (failed)
		tap->failed++;
	else if (!skip)
		tap->passed++;
	printf("%sok %d - %s%s%s\n", failed ? "not " : "", tap->n, tap->name,
	       skip ? " # SKIP " : "", skip ? skip : "");
	fflush(stdout);
	tap->open = false;
}

void conform_end(void)
{
	result(NULL);
}

static const char *errno_name(int e)
{
	const char *name = strerrorname_np(e);

	return name ? name : "?";
}

bool conform_err(const char *file, int line, const char *what, int want, long ret)
{
	int e = errno;

	if (e > 0 && e < (int)ARRAY_SIZE(seen) && ret == -1)
		seen[e] = true;
	if (ret == -1 && e == want)
		return true;
	printf("# %s:%d: %s = %ld %s, not -1 %s\n", file, line, what, ret,
	       ret == -1 ? errno_name(e) : "", errno_name(want));
	failed = true;
	return false;
}

bool conform_ret(const char *file, int line, const char *what, long want, long ret)
{
	int e = errno;

	if (ret == want)
		return true;
	printf("# %s:%d: %s = %ld %s, not %ld\n", file, line, what, ret,
	       ret == -1 ? errno_name(e) : "", want);
	failed = true;
	return false;
}

bool conform_that(const char *file, int line, const char *what, bool ok)
{
	if (!ok) {
		printf("# %s:%d: not so: %s\n", file, line, what);
		failed = true;
	}
	return ok;
}

static void leave(void);

void conform_stop(void)
{
	bool told = tap->open;

	failed = true;
	if (told)
		result(NULL);
	leave();
	exit(!told);
}

void conform_skip(const char *why)
{
	result(why);
	leave();
	exit(0);
}

/* --- The world ------------------------------------------------------------- */

static const char *env(const char *name, const char *otherwise)
{
	const char *s = getenv(name);

	return s ? s : otherwise;
}

static void enter(const char *name)
{
	static int n;
	char *version;

	alarm(LIMIT);
	if (dm_init_service(&version)) {
		printf("# dm_init_service: %s\n", errno_name(errno));
		exit(1);
	}
	snprintf(w.mnt, sizeof(w.mnt), "%s", env("DM_MNT", "/mnt/dm"));
	snprintf(w.dir, sizeof(w.dir), "%s/conform.%d.%d", w.mnt, getpid(), n++);
	NEED_OK(mkdir(w.dir, 0755));
	NEED_OK(dm_create_session(DM_NO_SESSION, (char *)name, &w.sid));
	NEED_OK(dm_create_session(DM_NO_SESSION, "another one", &w.other));
	NEED_OK(dm_path_to_fshandle(w.dir, &w.fs.p, &w.fs.len));
	w.dirh = handle_of(w.dir);
	w.file = make_file("file", FILE_SIZE);
	snprintf(w.path, sizeof(w.path), "%s", in_dir("file"));
	NEED_OK(symlink("nowhere", in_dir("link")));
	w.link = handle_of(in_dir("link"));
	w.gone = make_file("gone", 0);
	NEED_OK(unlink(in_dir("gone")));
	NEED_OK(dm_create_userevent(w.sid, 0, NULL, &w.token));
}

static void drain(dm_sessid_t sid)
{
	static char buf[SCRATCH];
	dm_token_t tokens[256];
	unsigned int n = 0, i;
	size_t len;

	while (!dm_get_events(sid, 0, 0, sizeof(buf), buf, &len))
		;
	if (!dm_getall_tokens(sid, ARRAY_SIZE(tokens), tokens, &n))
		for (i = 0; i < n; i++)
			dm_respond_event(sid, tokens[i], DM_RESP_ABORT, EIO, 0, NULL);
	dm_destroy_session(sid);
}

static void leave(void)
{
	dm_eventset_t none = 0;

	raise_caps();
	dm_set_eventlist(w.sid, H(w.fs), DM_NO_TOKEN, &none, DM_EVENT_MAX);
	dmx_set_born(w.sid, H(w.fs), DM_NO_TOKEN, 0, 0);
	drain(w.sid);
	drain(w.other);
	clean_up(w.dir);
}

/*
 * Cases leave lists behind on what is removed afterwards, whose events nobody
 * wants by then: nothing waits for that.
 */
void conform_policy(const char *value)
{
	static const char *const names[] = { "namespace_policy", "async_policy" };
	const char *dev = strrchr(env("DM_DEV", "/dev/ubdb"), '/');
	char path[300];
	unsigned int i;
	FILE *f;

	for (i = 0; dev && i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/fs/xfs%s/dmapi/%s", dev, names[i]);
		f = fopen(path, "w");
		if (!f || fputs(value, f) < 0 || fclose(f))
			printf("# %s: %s\n", path, strerrorname_np(errno));
	}
}

/* --- Running --------------------------------------------------------------- */

/* In a process of its own */
static void isolate(const char *name, void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn(arg);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!tap->open && WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (!tap->open)
		snprintf(tap->name, sizeof(tap->name), "%s", name);
	printf("# ended by %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	failed = true;
	must_see[0] = '\0';
	result(NULL);
}

static void run_case(void *arg)
{
	struct ccase *c = arg;

	enter(c->name);
	if (!conform_begin(c->func, c->name))
		return;
	c->run();
	conform_end();
	leave();
}

static void run_func(void *arg)
{
	enter("generic");
	generic_cases(arg);
	leave();
}

static void run_unready(void *arg)
{
	generic_unready(arg);
}

static void run_readonly(void *arg)
{
	enter("read-only");
	generic_readonly(arg);
	leave();
}


int main(int argc, char **argv)
{
	struct ccase *c;
	struct func *f;
	char full[100];

	if (argc > 1 && !strcmp(argv[1], "-l")) {
		listing = true;
		argv++;
	}
	patterns = argv + 1;
	tap = mmap(NULL, sizeof(*tap), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	generic_init();
	if (!listing) {
		puts("TAP version 13");
		conform_policy("continue");
	}
	for (f = funcs; f; f = f->next) {
		if (listing) {
			generic_unready(f);
			generic_cases(f);
			generic_readonly(f);
			continue;
		}
		if (f->flags & CALL)
			isolate(f->name, run_unready, f);
		isolate(f->name, run_func, f);
	}
	for (c = cases; c; c = c->next) {
		snprintf(full, sizeof(full), "%s.%s", c->func, c->name);
		if (listing)
			conform_begin(c->func, c->name);
		else if (wanted(full))
			isolate(full, run_case, c);
	}
	if (listing)
		return 0;
	/* Last, since the file system is another one for as long. */
	for (f = funcs; f; f = f->next)
		if (f->flags & CHANGES)
			isolate(f->name, run_readonly, f);
	conform_policy("block");
	printf("1..%d\n# %d passed, %d failed\n", tap->n, tap->passed, tap->failed);
	return tap->failed || !tap->n;
}
