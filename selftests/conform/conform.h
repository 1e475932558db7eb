/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The conformance suite: libdm's functions against what their pages say
 *
 * A result is FUNCTION.CASE.  A CASE whose name begins with an errno has to see
 * a call fail with it; scripts/conformance compares these names with the ERRORS
 * of the manual pages.  What many functions have in common is written down once:
 * FUNC says how a function is called without a mistake, and conform.c makes each
 * mistake in turn.
 *
 * Every group of cases runs in a process of its own, with a session, a directory
 * and what is in struct world.
 */
#ifndef DMAPI_CONFORM_H
#define DMAPI_CONFORM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dmapi.h>
#include <dmapi_ext.h>

#define GRANULE		65536UL		/* pieces in which a file is punched */
#define FILE_SIZE	(4 * GRANULE)	/* of world.file */
#define SCRATCH		(192 * 1024UL)	/* bytes behind every pointer */
#define FILL		0xa5		/* what is there before a call */
#define BAD_PTR		((void *)8)
#define PTRS		4
#define LIMIT		300		/* seconds for a group of cases */
#define BIT(event)	((dm_eventset_t)1 << DM_EVENT_##event)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct handle {
	void	*p;
	size_t	len;
};

/* What is there when a case begins */
struct world {
	dm_sessid_t	sid;
	dm_sessid_t	other;		/* another session */
	dm_token_t	token;		/* of a user event, without rights */
	char		mnt[200], dir[256], path[300];	/* path: of file */
	struct handle	fs, dirh, file, link;
	struct handle	gone;		/* of a file that was deleted */
};
extern struct world w;

/* The arguments of a call, as far as all have them */
struct call {
	dm_sessid_t	sid;
	dm_token_t	token;
	void		*hanp;
	size_t		hlen;
	void		*p[PTRS];	/* other pointers, in their order */
	size_t		n;		/* buflen or nelem */
};

/* What a function is about; without any bit it does not enter the kernel */
#define SID		(1U << 0)	/* takes a session */
#define TOKEN		(1U << 1)	/* takes a token, or DM_NO_TOKEN */
#define NEED_TOKEN	(1U << 2)	/* takes a token */
#define IS_FILE		(1U << 3)	/* the handle may be this */
#define IS_DIR		(1U << 4)
#define IS_LINK		(1U << 5)
#define IS_FS		(1U << 6)
#define SHARED		(1U << 7)	/* the right that a token needs */
#define EXCL		(1U << 8)
#define CHANGES		(1U << 9)	/* the file system, which can be read-only */
#define CALL		(1U << 10)	/* enters the kernel */
#define OPENED		(1U << 11)	/* a result >= 0 is a descriptor */
#define OBJECT		(IS_FILE | IS_DIR | IS_LINK)
#define HANDLE		(OBJECT | IS_FS)
#define TOKENS		(TOKEN | NEED_TOKEN)

/**
 * struct func - how a function is called
 * @name:	its name
 * @call:	calls it
 * @prepare:	before each call, makes its arguments good ones; or NULL
 * @flags:	SID ...
 * @ptrs:	"name:i name:o", the pointers besides the handle's: in, out, both (b);
 *		a capital: the call can do a part
 * @buf:	which of them is a list, whose length @lenp tells
 * @unit:	size of its elements; 1: bytes, and a size_t; 0: no list
 * @nokind:	errno for a handle of another kind, if not EINVAL
 * @noglobal:	errno for the global handle, if not EBADF; -1: it is allowed
 * @notoken:	errno for a token that is not outstanding, if not ESRCH
 */
struct func {
	const char	*name;
	long		(*call)(struct call *c);
	void		(*prepare)(struct call *c);
	unsigned int	flags;
	const char	*ptrs;
	int		buf, lenp;
	size_t		unit;
	int		nokind, noglobal, notoken;
	struct func	*next;
};

/* FUNC(name, flags, pointers, call, further members...) */
#define FUNC(fn, fl, pt, expr, ...)					\
	static long call_##fn(struct call *c)				\
	{								\
		return expr;						\
	}								\
	static struct func func_##fn = {				\
		.name = #fn, .call = call_##fn, .flags = (fl),		\
		.ptrs = (pt), ##__VA_ARGS__				\
	};								\
	__attribute__((constructor)) static void add_##fn(void)		\
	{								\
		conform_add_func(&func_##fn);				\
	}

#define OBJ	c->sid, c->hanp, c->hlen, c->token

struct ccase {
	const char	*func, *name;
	void		(*run)(void);
	struct ccase	*next;
};

#define CASE(fn, nm)							\
	static void run_##fn##_##nm(void);				\
	__attribute__((constructor)) static void add_##fn##_##nm(void)	\
	{								\
		static struct ccase one = {				\
			.func = #fn, .name = #nm, .run = run_##fn##_##nm,	\
		};							\
									\
		conform_add_case(&one);					\
	}								\
	static void run_##fn##_##nm(void)

void	conform_add_func(struct func *f);
void	conform_add_case(struct ccase *c);

/* --- What a case says ------------------------------------------------------ */

/* The call failed with @want.  Here and below: false, and told, if not. */
bool	conform_err(const char *file, int line, const char *what, int want,
		long ret);
bool	conform_ret(const char *file, int line, const char *what, long want,
		long ret);
bool	conform_that(const char *file, int line, const char *what, bool ok);
void	conform_stop(void) __attribute__((noreturn));

/* errno is cleared first: what fails has to set it. */
#define ERR(e, expr) \
	(errno = 0, conform_err(__FILE__, __LINE__, #expr, e, expr))
#define RET(v, expr) \
	(errno = 0, conform_ret(__FILE__, __LINE__, #expr, v, expr))
#define OK(expr)	RET(0, expr)
#define THAT(cond)	conform_that(__FILE__, __LINE__, #cond, cond)
/* Without this nothing after it makes sense. */
#define NEED(cond)							\
	do {								\
		if (!THAT(cond))					\
			conform_stop();					\
	} while (0)
#define NEED_OK(expr)							\
	do {								\
		if (!OK(expr))						\
			conform_stop();					\
	} while (0)
/* Of a mount: what becomes of events that nobody wants, but for data */
void	conform_policy(const char *value);
/* This cannot be tried here. */
void	conform_skip(const char *why) __attribute__((noreturn));

/* --- Things that cases need ------------------------------------------------ */

/* Memory that can only be read, and a page before one that cannot even be */
extern char *ro_page, *last_bytes;

bool	all_fill(const void *p, size_t len);
const char *in_dir(const char *name);		/* path in world.dir */
struct handle handle_of(const char *path);
struct handle make_file(const char *name, size_t size);
/* A user event's token with @right on a handle; DM_RIGHT_NULL: without */
dm_token_t token_with(struct handle h, dm_right_t right);
void	done(dm_token_t token);			/* answer it */
void	arm(struct handle h, dm_off_t off, dm_size_t len, unsigned int flags);
void	offline(struct handle h);		/* armed and punched */
dm_attrname_t attr_name(const char *name);
void	set_attr(struct handle h, const char *name, const void *p, size_t len);
bool	same_times(const struct stat *a, const char *path);
void	remount(bool readonly);
void	drop_cap(int cap);			/* until ... */
void	raise_caps(void);			/* ... all are back */
/* A process that does something that waits; reaped() tells what exit status */
pid_t	spawn(int (*fn)(const char *path), const char *path);
int	reaped(pid_t pid);
int	read_it(const char *path);		/* the errno that reading gives */
int	maps(const char *path);			/* until it is killed */
/* The next message of the session, waiting for it; @buf SCRATCH bytes */
dm_eventmsg_t *next_event(dm_sessid_t sid);

#define H(h)	(h).p, (h).len

#endif /* DMAPI_CONFORM_H */
