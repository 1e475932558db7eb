// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the cases of the conformance suite need
 */
#include <ftw.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "generic.h"

char *ro_page, *last_bytes;

bool all_fill(const void *p, size_t len)
{
	const unsigned char *c = p;

	return !len || (c[0] == FILL && !memcmp(c, c + 1, len - 1));
}

const char *in_dir(const char *name)
{
	static char path[4][300];
	static int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", w.dir, name);
	return path[n];
}

struct handle handle_of(const char *path)
{
	struct handle h = { };

	NEED_OK(dm_path_to_handle((char *)path, &h.p, &h.len));
	return h;
}

struct handle make_file(const char *name, size_t size)
{
	static char buf[GRANULE];
	const char *path = in_dir(name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = 0;

	NEED(fd >= 0);
	memset(buf, 'd', sizeof(buf));
	for (; size; size -= n) {
		n = size < sizeof(buf) ? size : sizeof(buf);
		NEED(write(fd, buf, n) == (ssize_t)n);
	}
	if (n)
		NEED_OK(fsync(fd));
	close(fd);
	return handle_of(path);
}

dm_token_t token_with(struct handle h, dm_right_t right)
{
	dm_token_t token;

	NEED_OK(dm_create_userevent(w.sid, 0, NULL, &token));
	if (right != DM_RIGHT_NULL)
		NEED_OK(dm_request_right(w.sid, H(h), token, DM_RR_WAIT, right));
	return token;
}

void done(dm_token_t token)
{
	OK(dm_respond_event(w.sid, token, DM_RESP_CONTINUE, 0, 0, NULL));
}

void arm(struct handle h, dm_off_t off, dm_size_t len, unsigned int flags)
{
	dm_region_t r = { .rg_offset = off, .rg_size = len, .rg_flags = flags };
	dm_boolean_t exact;

	NEED_OK(dm_set_region(w.sid, H(h), DM_NO_TOKEN, 1, &r, &exact));
}

void offline(struct handle h)
{
	arm(h, 0, 0, DM_REGION_READ);
	NEED_OK(dm_punch_hole(w.sid, H(h), DM_NO_TOKEN, 0, 0));
}

dm_attrname_t attr_name(const char *name)
{
	dm_attrname_t an = { };

	memcpy(an.an_chars, name, strnlen(name, sizeof(an.an_chars)));
	return an;
}

void set_attr(struct handle h, const char *name, const void *p, size_t len)
{
	dm_attrname_t an = attr_name(name);

	NEED_OK(dm_set_dmattr(w.sid, H(h), DM_NO_TOKEN, &an, 0, len, (void *)p));
}

bool same_times(const struct stat *a, const char *path)
{
	struct stat b;

	return !lstat(path, &b) &&
	       !memcmp(&a->st_atim, &b.st_atim, sizeof(b.st_atim)) &&
	       !memcmp(&a->st_mtim, &b.st_mtim, sizeof(b.st_mtim)) &&
	       !memcmp(&a->st_ctim, &b.st_ctim, sizeof(b.st_ctim));
}

void remount(bool readonly)
{
	int i;

	/* What was closed a moment ago may still be on its way. */
	for (i = 0; i < 100; i++) {
		if (!mount(NULL, w.mnt, NULL,
			   MS_REMOUNT | (readonly ? MS_RDONLY : 0), NULL))
			return;
		usleep(10000);
	}
	NEED(!"remounted");
}

/* --- Privilege ------------------------------------------------------------- */

static void caps(int drop)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	NEED_OK(syscall(SYS_capget, &hdr, data));
	if (drop < 0) {
		data[0].effective = data[0].permitted;
		data[1].effective = data[1].permitted;
	} else {
		data[drop / 32].effective &= ~(1U << drop % 32);
	}
	NEED_OK(syscall(SYS_capset, &hdr, data));
}

void drop_cap(int cap)
{
	caps(cap);
}

void raise_caps(void)
{
	caps(-1);
}

/* --- Processes and events -------------------------------------------------- */

pid_t spawn(int (*fn)(const char *path), const char *path)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(path));
	}
	return pid;
}

int reaped(pid_t pid)
{
	int status;

	NEED(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int read_it(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) == 1 ? 0 : errno;
}

int maps(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	volatile char *p = mmap(NULL, GRANULE, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return 1;
	pause();
	return p[0];
}

dm_eventmsg_t *next_event(dm_sessid_t sid)
{
	static char buf[SCRATCH];
	size_t len;

	NEED_OK(dm_get_events(sid, 1, DM_EV_WAIT, sizeof(buf), buf, &len));
	return (dm_eventmsg_t *)buf;
}

/* --- Cleaning up ----------------------------------------------------------- */

/*
 * XFS of Linux 6.12 with assertions panics when something smaller than a block
 * goes that has blocks of attributes, so these go first.
 */
static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	static char names[65536];
	ssize_t n, i;

	(void)flag;
	(void)ftw;
	if (st->st_size < 65536) {
		n = llistxattr(path, names, sizeof(names));
		for (i = 0; i < n; i += strlen(names + i) + 1)
			lremovexattr(path, names + i);
	}
	return remove(path);
}

void clean_up(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
