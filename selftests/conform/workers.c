// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is beyond XDSM: descriptors with conditions, the state of a session, why
 * there is no service
 */
#include <sys/resource.h>

#include <dmapi_ext.h>

#include "conform.h"

/* --- dmx_open_session ------------------------------------------------------ */

FUNC(dmx_open_session, CALL | SID | OPENED, "",
     dmx_open_session(c->sid, DMX_FD_ENDS, 0, NULL))

CASE(dmx_open_session, ok_worker)
{
	dmx_session_state_t st;
	unsigned int n;
	int fd;

	fd = dmx_open_session(w.sid, DMX_FD_WORKER, 1, w.fs.p);
	NEED(fd >= 0);
	/* It is the same session, and binds whoever uses it. */
	OK(dm_get_region(DMX_SID_FD(fd), H(w.file), DM_NO_TOKEN, 0, NULL, &n));
	ERR(EPERM, dmx_get_session_state(DMX_SID_FD(fd), &st));
	OK(dmx_get_session_state(w.sid, &st));
	THAT(st.sid == w.sid && !(st.flags & DMX_SESSION_BOUND));
	OK(close(fd));
}

CASE(dmx_open_session, ok_ends)
{
	dmx_session_state_t st;
	dm_sessid_t sid;
	int fd;

	NEED_OK(dm_create_session(DM_NO_SESSION, "ends", &sid));
	fd = dmx_open_session(sid, DMX_FD_ENDS, 0, NULL);
	NEED(fd >= 0);
	OK(dmx_get_session_state(sid, &st));
	THAT(st.flags & DMX_SESSION_BOUND);
	OK(close(fd));
	ERR(EINVAL, dmx_get_session_state(sid, &st));
}

CASE(dmx_open_session, EBADF_fs)
{
	unsigned char gone[DMX_FSHANDLE_LEN];

	memset(gone, 0x5a, sizeof(gone));
	ERR(EBADF, dmx_open_session(w.sid, DMX_FD_WORKER, 1, gone));
}

CASE(dmx_open_session, EFAULT_fshanp)
{
	ERR(EFAULT, dmx_open_session(w.sid, DMX_FD_WORKER, 1, BAD_PTR));
	ERR(EFAULT, dmx_open_session(w.sid, DMX_FD_WORKER, 1, NULL));
}

CASE(dmx_open_session, EINVAL_flags)
{
	ERR(EINVAL, dmx_open_session(w.sid, 1U << 31, 0, NULL));
}

CASE(dmx_open_session, EINVAL_nfs)
{
	ERR(EINVAL, dmx_open_session(w.sid, DMX_FD_WORKER, 0, w.fs.p));
	ERR(EINVAL, dmx_open_session(w.sid, DMX_FD_WORKER,
			DMX_MAX_WORKER_FS + 1, w.fs.p));
	ERR(EINVAL, dmx_open_session(w.sid, 0, 1, NULL));
	ERR(EINVAL, dmx_open_session(w.sid, 0, 0, w.fs.p));
}

CASE(dmx_open_session, EMFILE_limit)
{
	struct rlimit old, none;

	NEED_OK(getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	NEED_OK(setrlimit(RLIMIT_NOFILE, &none));
	ERR(EMFILE, dmx_open_session(w.sid, 0, 0, NULL));
	OK(setrlimit(RLIMIT_NOFILE, &old));
}

/* --- dmx_get_session_state --------------------------------------------------- */

FUNC(dmx_get_session_state, CALL | SID, "statep:o",
     dmx_get_session_state(c->sid, c->p[0]))

CASE(dmx_get_session_state, ok_counts)
{
	dmx_session_state_t st;
	dm_sessid_t sid, old;
	dm_token_t t;

	NEED_OK(dm_create_session(DM_NO_SESSION, "old", &old));
	NEED_OK(dm_create_session(old, "counted", &sid));
	OK(dmx_get_session_state(sid, &st));
	THAT(st.sid == sid && !strcmp(st.info, "counted"));
	THAT(!st.queued && !st.delivered && !st.getters);
	THAT(st.oldest_queued == DMX_NEVER && st.oldest_delivered == DMX_NEVER);
	THAT(st.got == DMX_NEVER && st.assumed <= st.created);
	NEED_OK(dm_send_msg(sid, DM_MSGTYPE_ASYNC, 2, "m"));
	NEED_OK(dm_create_userevent(sid, 2, "u", &t));
	OK(dmx_get_session_state(sid, &st));
	THAT(st.queued == 1 && st.delivered == 1);
	THAT(st.oldest_queued <= st.created && st.oldest_delivered <= st.created);
	next_event(sid);
	OK(dmx_get_session_state(sid, &st));
	THAT(st.queued == 0 && st.got <= st.created);
	OK(dm_respond_event(sid, t, DM_RESP_CONTINUE, 0, 0, NULL));
	OK(dm_destroy_session(sid));
}

/* --- dmx_init_error ---------------------------------------------------------- */

FUNC(dmx_init_error, 0, "", ((void)c, dmx_init_error() ? 0 : -1))

CASE(dmx_init_error, ok_says_why)
{
	char *v;

	OK(dm_init_service(&v));
	THAT(!strcmp(dmx_init_error(), ""));
	ERR(EFAULT, dm_init_service(BAD_PTR));
	THAT(strstr(dmx_init_error(), "address"));
	OK(dm_init_service(&v));
	THAT(!strcmp(dmx_init_error(), ""));
}
