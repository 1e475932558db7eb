// SPDX-License-Identifier: GPL-2.0-only
/*
 * What many functions have in common, one mistake at a time
 *
 * FUNC describes a call that succeeds, and the first cases see that it does.  All
 * others take such a call and change one argument.  What fails must not have
 * touched what its pointers point to.
 */
#include <ctype.h>
#include <linux/capability.h>

#include "generic.h"

static char *scratch[PTRS];

void generic_init(void)
{
	int i;

	for (i = 0; i < PTRS; i++)
		scratch[i] = mmap(NULL, SCRATCH, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ro_page = mmap(NULL, SCRATCH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	last_bytes = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(last_bytes + 4096, 4096, PROT_NONE);
	last_bytes[4095] = 'x';
	last_bytes += 4095;
}

/*
 * The @i-th pointer's name, and what it is: 'i', 'o', 'b' for both, in capitals
 * if a part of it is worth something, or 0
 */
static char pointer(const struct func *f, int i, char *name, size_t size)
{
	const char *s = f->ptrs;
	size_t len;

	for (; s && *s; s += len + 2, s += strspn(s, " "), i--) {
		len = strcspn(s, ":");
		if (!i) {
			snprintf(name, size, "%.*s", (int)len, s);
			return s[len + 1];
		}
	}
	return 0;
}

static char kind_of_pointer(const struct func *f, int i)
{
	char name[40];

	return tolower(pointer(f, i, name, sizeof(name)));
}

static void fill_outputs(const struct func *f, const struct call *c)
{
	int i;

	for (i = 0; i < PTRS; i++)
		if (c->p[i] == scratch[i] && kind_of_pointer(f, i) == 'o')
			memset(scratch[i], FILL, SCRATCH);
}

static bool outputs_untouched(const struct func *f, const struct call *c)
{
	int i;

	for (i = 0; i < PTRS; i++)
		if (c->p[i] == scratch[i] && kind_of_pointer(f, i) == 'o' &&
		    !all_fill(scratch[i], SCRATCH))
			return false;
	return true;
}

static const struct kind {
	unsigned int	flag;
	const char	*name;
	struct handle	*h;
} kinds[] = {
	{ IS_FILE, "file", &w.file },
	{ IS_DIR, "dir", &w.dirh },
	{ IS_LINK, "link", &w.link },
	{ IS_FS, "fs", &w.fs },
};

static const struct kind *usual_kind(const struct func *f)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (f->flags & kinds[i].flag)
			return &kinds[i];
	return NULL;
}

/* Arguments that are all right */
static struct call good(const struct func *f, const struct kind *k)
{
	struct call c = { .sid = w.sid, .token = DM_NO_TOKEN };
	int i;

	if (k) {
		c.hanp = k->h->p;
		c.hlen = k->h->len;
	}
	if (f->flags & NEED_TOKEN)
		c.token = token_with(w.file, DM_RIGHT_NULL);
	for (i = 0; i < PTRS; i++) {
		c.p[i] = scratch[i];
		memset(scratch[i], 0, SCRATCH);
	}
	if (f->unit)
		c.n = SCRATCH / f->unit;
	if (f->prepare)
		f->prepare(&c);
	fill_outputs(f, &c);
	return c;
}

/* Undo what good() did for a call. */
static void over(const struct call *c)
{
	if (c->token > 0 && c->token != w.token)
		dm_respond_event(w.sid, c->token, DM_RESP_CONTINUE, 0, 0, NULL);
}

static long calls(const struct func *f, struct call *c)
{
	long ret;

	errno = 0;
	ret = f->call(c);
	if (ret >= 0 && f->flags & OPENED) {
		close(ret);
		ret = 0;
	}
	return ret;
}

static void succeeds(const struct func *f, struct call *c)
{
	long ret = calls(f, c);
	int e = errno;

	conform_that(f->name, 0, "it succeeds", ret >= 0);
	if (ret < 0)
		printf("# -1 %s\n", strerrorname_np(e));
	over(c);
}

/* The call fails, and nothing is stored; bad: what is wrong with it */
static void fails(const struct func *f, struct call *c, int want, const char *bad,
		  bool untouched)
{
	long ret;

	fill_outputs(f, c);
	ret = calls(f, c);
	conform_err(f->name, 0, bad, want, ret);
	if (untouched)
		conform_that(f->name, 0, "outputs are as they were",
			     outputs_untouched(f, c));
}

static bool begin(const struct func *f, int e, const char *what)
{
	char name[100];

	snprintf(name, sizeof(name), "%s%s%s", e ? strerrorname_np(e) : "",
		 e ? "_" : "", what);
	return conform_begin(f->name, name);
}

/* --- The cases ------------------------------------------------------------- */

static void good_calls(const struct func *f)
{
	const struct kind *k = usual_kind(f);
	struct call c;
	char name[20];
	unsigned int i;

	if (!k && begin(f, 0, "ok")) {
		c = good(f, NULL);
		succeeds(f, &c);
		conform_end();
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "ok_%s", kinds[i].name);
		if (!(f->flags & kinds[i].flag) || !begin(f, 0, name))
			continue;
		c = good(f, &kinds[i]);
		succeeds(f, &c);
		conform_end();
	}
	if (k && f->flags & TOKEN && begin(f, 0, "ok_token")) {
		c = good(f, k);
		c.token = token_with(*k->h, f->flags & EXCL ? DM_RIGHT_EXCL :
						      DM_RIGHT_SHARED);
		succeeds(f, &c);
		conform_end();
	}
}

static void privilege(const struct func *f)
{
	struct call c;

	if (!(f->flags & CALL) || !begin(f, EPERM, "privilege"))
		return;
	c = good(f, usual_kind(f));
	drop_cap(CAP_SYS_ADMIN);
	fails(f, &c, EPERM, "without CAP_SYS_ADMIN", true);
	raise_caps();
	over(&c);
	conform_end();
}

static void sessions(const struct func *f)
{
	dm_sessid_t bad[] = { 0, -1, INT_MIN, INT_MAX, 0 };
	struct call c;
	unsigned int i;

	if (!(f->flags & SID) || !begin(f, EINVAL, "session"))
		return;
	NEED_OK(dm_create_session(DM_NO_SESSION, "dead", &bad[4]));
	NEED_OK(dm_destroy_session(bad[4]));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		c = good(f, usual_kind(f));
		c.sid = bad[i];
		fails(f, &c, EINVAL, "bad session", true);
		over(&c);
	}
	conform_end();
}

static void handles(const struct func *f)
{
	static const size_t lens[] = { 0, 1, 7, 9, 23, 25, 56, 4096, SIZE_MAX };
	const struct kind *k = usual_kind(f);
	dm_handle_t *h;
	char buf[4096] = { };
	struct call c;
	unsigned int i;

	if (!k)
		return;
	if (begin(f, EBADF, "form")) {
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			c = good(f, k);
			memcpy(buf, c.hanp, c.hlen);
			c.hanp = buf;
			c.hlen = lens[i];
			fails(f, &c, EBADF, "length of handle", true);
			over(&c);
		}
		for (i = 0; i < 3; i++) {
			c = good(f, k);
			h = (dm_handle_t *)buf;
			memcpy(h, w.file.p, sizeof(*h));
			if (i == 0)
				h->ha_fid.dm_fid_len++;
			else if (i == 1)
				h->ha_fid.dm_fid_len = 0;
			else
				h->ha_fid.dm_fid_pad = 1;
			c.hanp = h;
			c.hlen = sizeof(*h);
			fails(f, &c, EBADF, "form of handle", true);
			over(&c);
		}
		conform_end();
	}
	if (begin(f, EBADF, "unmounted")) {
		c = good(f, k);
		memcpy(buf, c.hanp, c.hlen);
		buf[0] ^= 1;
		c.hanp = buf;
		fails(f, &c, EBADF, "another file system", true);
		over(&c);
		conform_end();
	}
	if (f->flags & OBJECT && begin(f, EBADF, "gone")) {
		c = good(f, k);
		c.hanp = w.gone.p;
		c.hlen = w.gone.len;
		fails(f, &c, EBADF, "deleted", true);
		memcpy(buf, k->flag == IS_FS ? w.file.p : k->h->p, sizeof(*h));
		((dm_handle_t *)buf)->ha_fid.dm_fid_gen++;
		c.hanp = buf;
		fails(f, &c, EBADF, "another generation", true);
		over(&c);
		conform_end();
	}
	i = f->noglobal ? f->noglobal : EBADF;
	if (f->noglobal >= 0 && begin(f, i, "global")) {
		c = good(f, k);
		c.hanp = DM_GLOBAL_HANP;
		c.hlen = DM_GLOBAL_HLEN;
		fails(f, &c, i, "global handle", true);
		over(&c);
		conform_end();
	}
	if (begin(f, EFAULT, "hanp")) {
		c = good(f, k);
		c.hanp = BAD_PTR;
		fails(f, &c, EFAULT, "pointer to handle", true);
		c.hanp = NULL;
		fails(f, &c, EFAULT, "no pointer to handle", true);
		c.hanp = last_bytes;
		fails(f, &c, EFAULT, "handle read in part", true);
		over(&c);
		conform_end();
	}
	if (f->nokind < 0 || (f->flags & HANDLE) == HANDLE)
		return;
	if (!begin(f, f->nokind ? f->nokind : EINVAL, "kind"))
		return;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (f->flags & kinds[i].flag)
			continue;
		c = good(f, k);
		c.hanp = kinds[i].h->p;
		c.hlen = kinds[i].h->len;
		fails(f, &c, f->nokind ? f->nokind : EINVAL, kinds[i].name, true);
		over(&c);
	}
	conform_end();
}

static void tokens(const struct func *f)
{
	static const dm_token_t bad[] = { 0, -2, INT_MIN, DM_NO_TOKEN };
	const struct kind *k = usual_kind(f);
	dm_token_t mine, other;
	struct call c;
	unsigned int i;
	int e = f->notoken ? f->notoken : ESRCH;

	if (f->flags & TOKENS && begin(f, EINVAL, "token")) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			if (f->flags & TOKEN && bad[i] == DM_NO_TOKEN)
				continue;
			c = good(f, k);
			mine = c.token;
			c.token = bad[i];
			fails(f, &c, EINVAL, "bad token", true);
			c.token = mine;
			over(&c);
		}
		conform_end();
	}
	if (f->flags & TOKENS && begin(f, e, "token_unknown")) {
		c = good(f, k);
		mine = c.token;
		c.token = INT_MAX;
		fails(f, &c, e, "never was one", true);
		c.token = token_with(w.file, DM_RIGHT_NULL);
		done(c.token);
		fails(f, &c, e, "answered already", true);
		NEED_OK(dm_create_userevent(w.other, 0, NULL, &other));
		c.token = other;
		fails(f, &c, e, "another session's", true);
		c.token = mine;
		over(&c);
		conform_end();
	}
	if (f->flags & (SHARED | EXCL) && begin(f, EACCES, "right")) {
		c = good(f, k);
		c.token = w.token;
		fails(f, &c, EACCES, "no right", true);
		c.token = token_with(k->flag == IS_FILE ? w.dirh : w.file,
				     DM_RIGHT_EXCL);
		fails(f, &c, EACCES, "right on something else", true);
		done(c.token);
		if (f->flags & EXCL) {
			c.token = token_with(*k->h, DM_RIGHT_SHARED);
			fails(f, &c, EACCES, "only shared", true);
			done(c.token);
		}
		conform_end();
	}
}

static void pointers(const struct func *f)
{
	void *bad[] = { NULL, BAD_PTR, last_bytes, ro_page };
	char name[40], full[60], kind;
	struct call c;
	unsigned int j;
	int i;

	for (i = 0; (kind = pointer(f, i, name, sizeof(name))); i++) {
		snprintf(full, sizeof(full), "%s", name);
		if (!begin(f, EFAULT, full))
			continue;
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			if (tolower(kind) == 'i' && bad[j] == ro_page)
				continue;
			if (isupper(kind) && bad[j] == last_bytes)
				continue;
			c = good(f, usual_kind(f));
			c.p[i] = bad[j];
			fails(f, &c, EFAULT, j == 0 ? "NULL" : j == 1 ? "bad pointer" :
			      j == 2 ? "ends in nothing" : "read-only", false);
			/* No length of a list that did not arrive */
			if (f->unit && i == f->buf)
				THAT(all_fill(c.p[f->lenp], sizeof(size_t)));
			over(&c);
		}
		conform_end();
	}
}

static size_t list_len(const struct func *f, const struct call *c)
{
	return f->unit == 1 ? *(size_t *)c->p[f->lenp] :
			      *(unsigned int *)c->p[f->lenp];
}

static void lengths(const struct func *f)
{
	const struct kind *k = usual_kind(f);
	struct call c;
	size_t n;

	if (!f->unit)
		return;
	if (begin(f, 0, "length_exact")) {
		c = good(f, k);
		NEED_OK(calls(f, &c));
		n = list_len(f, &c);
		NEED(n > 0 && n <= c.n);
		THAT(all_fill((char *)c.p[f->buf] + n * f->unit,
			      SCRATCH - n * f->unit));
		over(&c);
		c = good(f, k);
		c.n = n;
		OK(calls(f, &c));
		THAT(list_len(f, &c) == n);
		THAT(all_fill((char *)c.p[f->buf] + n * f->unit,
			      SCRATCH - n * f->unit));
		over(&c);
		conform_end();
	}
	if (begin(f, E2BIG, "length")) {
		c = good(f, k);
		NEED_OK(calls(f, &c));
		n = list_len(f, &c);
		NEED(n > 0);
		over(&c);
		c = good(f, k);
		c.n = n - 1;
		ERR(E2BIG, calls(f, &c));
		THAT(list_len(f, &c) == n);
		/* What fits may have been stored, and means nothing. */
		THAT(all_fill((char *)c.p[f->buf] + c.n * f->unit,
			      SCRATCH - c.n * f->unit));
		over(&c);
		conform_end();
	}
	if (begin(f, E2BIG, "length_zero")) {
		c = good(f, k);
		NEED_OK(calls(f, &c));
		n = list_len(f, &c);
		over(&c);
		c = good(f, k);
		c.n = 0;
		c.p[f->buf] = NULL;
		ERR(E2BIG, calls(f, &c));
		THAT(list_len(f, &c) == n);
		over(&c);
		conform_end();
	}
}

void generic_cases(const struct func *f)
{
	good_calls(f);
	privilege(f);
	sessions(f);
	handles(f);
	tokens(f);
	pointers(f);
	lengths(f);
}

void generic_unready(const struct func *f)
{
	struct call c = { .sid = 1, .token = 1, .hanp = scratch[0], .hlen = 24 };
	int i;

	if (!(f->flags & CALL) || !begin(f, ENOSYS, "before_init"))
		return;
	for (i = 0; i < PTRS; i++)
		c.p[i] = scratch[i];
	ERR(ENOSYS, f->call(&c));
	conform_end();
}

void generic_readonly(const struct func *f)
{
	struct call c;

	if (!(f->flags & CHANGES) || !begin(f, EROFS, "mount"))
		return;
	c = good(f, usual_kind(f));
	remount(true);
	fails(f, &c, EROFS, "read-only", true);
	remount(false);
	over(&c);
	conform_end();
}
