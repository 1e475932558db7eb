// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights and references of tokens
 */
#include "conform.h"

#define RIGHT(fn, fl, pt, expr, ...) \
	FUNC(fn, CALL | SID | NEED_TOKEN | (fl), pt, expr, ##__VA_ARGS__)

static void shared(struct call *c)
{
	NEED_OK(dm_request_right(c->sid, c->hanp, c->hlen, c->token, 0,
				 DM_RIGHT_SHARED));
}

static void excl(struct call *c)
{
	NEED_OK(dm_request_right(c->sid, c->hanp, c->hlen, c->token, 0,
				 DM_RIGHT_EXCL));
}

static void held(struct call *c)
{
	NEED_OK(dm_obj_ref_hold(c->sid, c->token, c->hanp, c->hlen));
}

static dm_right_t right_of(dm_token_t token)
{
	dm_right_t right = 77;

	NEED_OK(dm_query_right(w.sid, H(w.file), token, &right));
	return right;
}

/* --- dm_request_right ------------------------------------------------------ */

RIGHT(dm_request_right, HANDLE, "",
      dm_request_right(OBJ, 0, DM_RIGHT_EXCL))

CASE(dm_request_right, ok_again)
{
	dm_token_t t = w.token;

	OK(dm_request_right(w.sid, H(w.file), t, 0, DM_RIGHT_SHARED));
	OK(dm_request_right(w.sid, H(w.file), t, 0, DM_RIGHT_SHARED));
	THAT(right_of(t) == DM_RIGHT_SHARED);
	OK(dm_request_right(w.sid, H(w.file), t, 0, DM_RIGHT_EXCL));
	THAT(right_of(t) == DM_RIGHT_EXCL);
	OK(dm_request_right(w.sid, H(w.file), t, DM_RR_WAIT, DM_RIGHT_EXCL));
	/* What the token has is never made less. */
	OK(dm_request_right(w.sid, H(w.file), t, 0, DM_RIGHT_SHARED));
	THAT(right_of(t) == DM_RIGHT_EXCL);
}

CASE(dm_request_right, ok_many_share)
{
	token_with(w.file, DM_RIGHT_SHARED);
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
}

static int request_excl(const char *path)
{
	(void)path;
	return dm_request_right(w.sid, H(w.file), w.token, DM_RR_WAIT,
				DM_RIGHT_EXCL) ? errno : 0;
}

CASE(dm_request_right, ok_waits)
{
	dm_token_t t = token_with(w.file, DM_RIGHT_SHARED);
	pid_t pid = spawn(request_excl, NULL);

	usleep(200000);
	THAT(right_of(w.token) == DM_RIGHT_NULL);
	OK(dm_release_right(w.sid, H(w.file), t));
	RET(0, reaped(pid));
	THAT(right_of(w.token) == DM_RIGHT_EXCL);
}

CASE(dm_request_right, EINVAL_right_and_flags)
{
	ERR(EINVAL, dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_NULL));
	ERR(EINVAL, dm_request_right(w.sid, H(w.file), w.token, 0, 3));
	ERR(EINVAL, dm_request_right(w.sid, H(w.file), w.token, 0, -1));
	ERR(EINVAL, dm_request_right(w.sid, H(w.file), w.token, 2,
				     DM_RIGHT_SHARED));
	THAT(right_of(w.token) == DM_RIGHT_NULL);
}

CASE(dm_request_right, EAGAIN_in_the_way)
{
	dm_token_t t = token_with(w.file, DM_RIGHT_SHARED);

	ERR(EAGAIN, dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_EXCL));
	OK(dm_upgrade_right(w.sid, H(w.file), t));
	ERR(EAGAIN, dm_request_right(w.sid, H(w.file), w.token, 0,
				     DM_RIGHT_SHARED));
	THAT(right_of(w.token) == DM_RIGHT_NULL);
	/* An upgrade that is not possible at once leaves what there is. */
	OK(dm_downgrade_right(w.sid, H(w.file), t));
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	ERR(EAGAIN, dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_EXCL));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
}

CASE(dm_request_right, EACCES_upgrade_by_waiting)
{
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	ERR(EACCES, dm_request_right(w.sid, H(w.file), w.token, DM_RR_WAIT,
				     DM_RIGHT_EXCL));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
}

CASE(dm_request_right, EDEADLK_circle)
{
	dm_token_t t = token_with(w.dirh, DM_RIGHT_EXCL);
	pid_t pid;

	/* w.token has the directory's link, and waits for the file ... */
	OK(dm_request_right(w.sid, H(w.link), w.token, 0, DM_RIGHT_EXCL));
	OK(dm_request_right(w.sid, H(w.file), t, 0, DM_RIGHT_EXCL));
	pid = spawn(request_excl, NULL);
	usleep(200000);
	/* ... which this one has, who may not wait for the link. */
	ERR(EDEADLK, dm_request_right(w.sid, H(w.link), t, DM_RR_WAIT,
				      DM_RIGHT_EXCL));
	done(t);
	RET(0, reaped(pid));
}

static void nothing(int sig)
{
	(void)sig;
}

CASE(dm_request_right, EINTR_signal)
{
	struct sigaction sa = { .sa_handler = nothing }, old;

	token_with(w.file, DM_RIGHT_EXCL);
	sigaction(SIGALRM, &sa, &old);
	alarm(1);
	ERR(EINTR, dm_request_right(w.sid, H(w.file), w.token, DM_RR_WAIT,
				    DM_RIGHT_SHARED));
	sigaction(SIGALRM, &old, NULL);
	alarm(LIMIT);
	THAT(right_of(w.token) == DM_RIGHT_NULL);
}

CASE(dm_request_right, ESRCH_answered_meanwhile)
{
	pid_t pid;

	token_with(w.file, DM_RIGHT_EXCL);
	pid = spawn(request_excl, NULL);
	usleep(200000);
	done(w.token);
	RET(ESRCH, reaped(pid));
	/* As for everybody else from now on */
	ERR(ESRCH, dm_request_right(w.sid, H(w.file), w.token, 0,
				    DM_RIGHT_SHARED));
}

/* --- The others ------------------------------------------------------------ */

RIGHT(dm_release_right, HANDLE, "", dm_release_right(OBJ), .prepare = shared)

CASE(dm_release_right, ok_null_then)
{
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_EXCL));
	OK(dm_release_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_NULL);
	token_with(w.file, DM_RIGHT_EXCL);
}

CASE(dm_release_right, EACCES_none)
{
	ERR(EACCES, dm_release_right(w.sid, H(w.file), w.token));
	OK(dm_request_right(w.sid, H(w.dirh), w.token, 0, DM_RIGHT_EXCL));
	ERR(EACCES, dm_release_right(w.sid, H(w.file), w.token));
}

RIGHT(dm_query_right, HANDLE, "rightp:o", dm_query_right(OBJ, c->p[0]))

CASE(dm_query_right, ok_values)
{
	THAT(right_of(w.token) == DM_RIGHT_NULL);
	THAT(right_of(token_with(w.file, DM_RIGHT_SHARED)) == DM_RIGHT_SHARED);
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
}

RIGHT(dm_upgrade_right, HANDLE, "", dm_upgrade_right(OBJ), .prepare = shared)

CASE(dm_upgrade_right, ok_excl_stays)
{
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	OK(dm_upgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_EXCL);
	OK(dm_upgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_EXCL);
}

CASE(dm_upgrade_right, EPERM_none)
{
	ERR(EPERM, dm_upgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_NULL);
}

CASE(dm_upgrade_right, EAGAIN_others_share)
{
	token_with(w.file, DM_RIGHT_SHARED);
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	ERR(EAGAIN, dm_upgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
}

RIGHT(dm_downgrade_right, HANDLE, "", dm_downgrade_right(OBJ), .prepare = excl)

CASE(dm_downgrade_right, ok_others_share_then)
{
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_EXCL));
	OK(dm_downgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
	token_with(w.file, DM_RIGHT_SHARED);
}

CASE(dm_downgrade_right, EPERM_not_excl)
{
	ERR(EPERM, dm_downgrade_right(w.sid, H(w.file), w.token));
	OK(dm_request_right(w.sid, H(w.file), w.token, 0, DM_RIGHT_SHARED));
	ERR(EPERM, dm_downgrade_right(w.sid, H(w.file), w.token));
	THAT(right_of(w.token) == DM_RIGHT_SHARED);
}

/* --- References ------------------------------------------------------------ */

RIGHT(dm_obj_ref_hold, OBJECT, "",
      dm_obj_ref_hold(c->sid, c->token, c->hanp, c->hlen))

CASE(dm_obj_ref_hold, ok_survives_its_name)
{
	OK(dm_obj_ref_hold(w.sid, w.token, H(w.file)));
	NEED_OK(unlink(w.path));
	OK(dm_sync_by_handle(w.sid, H(w.file), DM_NO_TOKEN));
	OK(dm_obj_ref_rele(w.sid, w.token, H(w.file)));
	ERR(EBADF, dm_sync_by_handle(w.sid, H(w.file), DM_NO_TOKEN));
}

CASE(dm_obj_ref_hold, EBUSY_once)
{
	dm_token_t t = token_with(w.file, DM_RIGHT_NULL);

	OK(dm_obj_ref_hold(w.sid, w.token, H(w.file)));
	ERR(EBUSY, dm_obj_ref_hold(w.sid, w.token, H(w.file)));
	OK(dm_obj_ref_hold(w.sid, t, H(w.file)));
	OK(dm_obj_ref_hold(w.sid, t, H(w.dirh)));
}

RIGHT(dm_obj_ref_rele, OBJECT, "",
      dm_obj_ref_rele(c->sid, c->token, c->hanp, c->hlen), .prepare = held)

CASE(dm_obj_ref_rele, EACCES_none)
{
	ERR(EACCES, dm_obj_ref_rele(w.sid, w.token, H(w.file)));
	OK(dm_obj_ref_hold(w.sid, token_with(w.file, DM_RIGHT_NULL), H(w.file)));
	ERR(EACCES, dm_obj_ref_rele(w.sid, w.token, H(w.file)));
}

RIGHT(dm_obj_ref_query, OBJECT, "",
      dm_obj_ref_query(c->sid, c->token, c->hanp, c->hlen))

CASE(dm_obj_ref_query, ok_values)
{
	RET(0, dm_obj_ref_query(w.sid, w.token, H(w.file)));
	OK(dm_obj_ref_hold(w.sid, w.token, H(w.file)));
	RET(1, dm_obj_ref_query(w.sid, w.token, H(w.file)));
	RET(0, dm_obj_ref_query(w.sid, w.token, H(w.dirh)));
	OK(dm_obj_ref_rele(w.sid, w.token, H(w.file)));
	RET(0, dm_obj_ref_query(w.sid, w.token, H(w.file)));
}
