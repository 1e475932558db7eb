// SPDX-License-Identifier: GPL-2.0-only
/*
 * The service, sessions, dispositions
 */
#include <poll.h>
#include <sys/resource.h>

#include "conform.h"

/* --- dm_init_service ------------------------------------------------------- */

FUNC(dm_init_service, 0, "versionstrpp:o", dm_init_service(c->p[0]))

CASE(dm_init_service, ok_version)
{
	char *v = NULL, *again = NULL;

	OK(dm_init_service(&v));
	NEED(v);
	THAT(!strcmp(v, DM_VER_STR_CONTENTS));
	OK(dm_init_service(&again));
	THAT(v == again);
	/* Sessions are unaffected. */
	done(token_with(w.file, DM_RIGHT_NULL));
}

CASE(dm_init_service, EPERM_init)
{
	char *v = (char *)1;

	drop_cap(21);				/* CAP_SYS_ADMIN */
	ERR(EPERM, dm_init_service(&v));
	/* Who has a worker's descriptor goes on all the same. */
	THAT(!strcmp(v, DM_VER_STR_CONTENTS));
	raise_caps();
}

/* --- dm_create_session, dm_destroy_session --------------------------------- */

static void new_session(struct call *c)
{
	strcpy(c->p[0], "info");
}

FUNC(dm_create_session, CALL, "sessinfop:i newsidp:o",
     dm_create_session(DM_NO_SESSION, c->p[0], c->p[1]), .prepare = new_session)

CASE(dm_create_session, ok_assume)
{
	dm_sessid_t sid, old;
	dm_token_t t, found;
	unsigned int n;
	char info[DM_SESSION_INFO_LEN];
	size_t len;

	NEED_OK(dm_create_session(DM_NO_SESSION, "old", &old));
	NEED_OK(dm_create_userevent(old, 4, "abc", &t));
	NEED_OK(dm_send_msg(old, DM_MSGTYPE_ASYNC, 2, "m"));
	NEED_OK(dm_create_session(old, "new", &sid));
	THAT(sid > 0 && sid != old);
	ERR(EINVAL, dm_getall_tokens(old, 1, &found, &n));
	OK(dm_query_session(sid, sizeof(info), info, &len));
	THAT(len == 4 && !strcmp(info, "new"));
	OK(dm_getall_tokens(sid, 1, &found, &n));
	THAT(n == 1 && found == t);
	THAT(next_event(sid)->ev_type == DM_EVENT_USER);
	OK(dm_respond_event(sid, t, DM_RESP_CONTINUE, 0, 0, NULL));
	OK(dm_destroy_session(sid));
}

CASE(dm_create_session, ok_same_info)
{
	dm_sessid_t a, b;

	OK(dm_create_session(DM_NO_SESSION, "twin", &a));
	OK(dm_create_session(DM_NO_SESSION, "twin", &b));
	THAT(a != b);
	OK(dm_destroy_session(a));
	OK(dm_destroy_session(b));
}

CASE(dm_create_session, EINVAL_oldsid)
{
	dm_sessid_t sid = -7, dead;

	NEED_OK(dm_create_session(DM_NO_SESSION, "x", &dead));
	NEED_OK(dm_destroy_session(dead));
	ERR(EINVAL, dm_create_session(dead, "x", &sid));
	ERR(EINVAL, dm_create_session(-1, "x", &sid));
	ERR(EINVAL, dm_create_session(INT_MAX, "x", &sid));
	THAT(sid == -7);
}

CASE(dm_create_session, E2BIG_info)
{
	char info[DM_SESSION_INFO_LEN + 1], back[DM_SESSION_INFO_LEN];
	dm_sessid_t sid = -7;
	size_t len;

	memset(info, 'i', sizeof(info));
	info[DM_SESSION_INFO_LEN] = '\0';	/* 256 and the NUL */
	ERR(E2BIG, dm_create_session(DM_NO_SESSION, info, &sid));
	THAT(sid == -7);
	info[DM_SESSION_INFO_LEN - 1] = '\0';	/* 255 and the NUL */
	NEED_OK(dm_create_session(DM_NO_SESSION, info, &sid));
	OK(dm_query_session(sid, sizeof(back), back, &len));
	THAT(len == DM_SESSION_INFO_LEN && !strcmp(info, back));
	OK(dm_destroy_session(sid));
}

CASE(dm_create_session, EFAULT_changes_nothing)
{
	dm_sessid_t sids[64], sid;
	unsigned int before, after;
	dm_token_t t;

	OK(dm_getall_sessions(64, sids, &before));
	ERR(EFAULT, dm_create_session(DM_NO_SESSION, BAD_PTR, &sid));
	ERR(EFAULT, dm_create_session(DM_NO_SESSION, "x", BAD_PTR));
	/* The old session is as it was. */
	ERR(EFAULT, dm_create_session(w.sid, "x", BAD_PTR));
	ERR(EFAULT, dm_create_session(w.sid, BAD_PTR, &sid));
	OK(dm_getall_sessions(64, sids, &after));
	THAT(before == after);
	OK(dm_create_userevent(w.sid, 0, NULL, &t));
}

static void doomed(struct call *c)
{
	NEED_OK(dm_create_session(DM_NO_SESSION, "doomed", &c->sid));
}

FUNC(dm_destroy_session, CALL | SID, "", dm_destroy_session(c->sid),
     .prepare = doomed)

CASE(dm_destroy_session, ok_dispositions_go)
{
	dm_eventset_t set = BIT(MOUNT), fs = BIT(CREATE);
	dm_sessid_t sid;

	NEED_OK(dm_create_session(DM_NO_SESSION, "x", &sid));
	NEED_OK(dm_set_disp(sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_NO_TOKEN, &set,
			    DM_EVENT_MAX));
	NEED_OK(dm_set_disp(sid, H(w.fs), DM_NO_TOKEN, &fs, DM_EVENT_MAX));
	OK(dm_destroy_session(sid));
	ERR(EINVAL, dm_destroy_session(sid));
}

CASE(dm_destroy_session, EBUSY_undelivered)
{
	NEED_OK(dm_send_msg(w.other, DM_MSGTYPE_ASYNC, 0, NULL));
	ERR(EBUSY, dm_destroy_session(w.other));
	next_event(w.other);
	OK(dm_destroy_session(w.other));
}

CASE(dm_destroy_session, EBUSY_delivered)
{
	dm_token_t t;

	NEED_OK(dm_create_userevent(w.other, 0, NULL, &t));
	ERR(EBUSY, dm_destroy_session(w.other));
	OK(dm_respond_event(w.other, t, DM_RESP_CONTINUE, 0, 0, NULL));
	OK(dm_destroy_session(w.other));
}

static int wait_for_other(const char *path)
{
	char buf[500];
	size_t len;

	(void)path;
	return dm_get_events(w.other, 1, DM_EV_WAIT, sizeof(buf), buf, &len) ?
		errno : 0;
}

CASE(dm_destroy_session, EBUSY_waiter)
{
	pid_t pid = spawn(wait_for_other, NULL);

	usleep(200000);
	ERR(EBUSY, dm_destroy_session(w.other));
	OK(dm_send_msg(w.other, DM_MSGTYPE_ASYNC, 0, NULL));
	OK(reaped(pid));
}

/* --- dm_getall_sessions, dm_query_session ---------------------------------- */

FUNC(dm_getall_sessions, CALL, "sidbufp:o nelemp:o",
     dm_getall_sessions(c->n, c->p[0], c->p[1]),
     .buf = 0, .lenp = 1, .unit = sizeof(dm_sessid_t))

CASE(dm_getall_sessions, ok_ascending)
{
	dm_sessid_t sids[64];
	unsigned int n, i, mine = 0;

	NEED_OK(dm_getall_sessions(64, sids, &n));
	for (i = 0; i < n; i++) {
		THAT(!i || sids[i - 1] < sids[i]);
		mine += sids[i] == w.sid || sids[i] == w.other;
	}
	THAT(mine == 2);
}

CASE(dm_getall_sessions, length_none)
{
	unsigned int n = 77, i;
	dm_sessid_t sids[64];

	NEED_OK(dm_getall_sessions(64, sids, &n));
	done(w.token);
	for (i = 0; i < n; i++)
		NEED_OK(dm_destroy_session(sids[i]));
	n = 77;
	OK(dm_getall_sessions(0, NULL, &n));
	THAT(n == 0);
	NEED_OK(dm_create_session(DM_NO_SESSION, "again", &w.sid));
}

FUNC(dm_query_session, CALL | SID, "bufp:o rlenp:o",
     dm_query_session(c->sid, c->n, c->p[0], c->p[1]),
     .buf = 0, .lenp = 1, .unit = 1)

CASE(dm_query_session, ok_empty)
{
	dm_sessid_t sid;
	char c = 'x';
	size_t len;

	NEED_OK(dm_create_session(DM_NO_SESSION, "", &sid));
	OK(dm_query_session(sid, 1, &c, &len));
	THAT(len == 1 && !c);
	OK(dm_destroy_session(sid));
}

/* --- dm_set_disp, dm_getall_disp ------------------------------------------- */

static void some_events(struct call *c)
{
	*(dm_eventset_t *)c->p[0] = BIT(CREATE) | BIT(DESTROY);
}

FUNC(dm_set_disp, CALL | SID | TOKEN | IS_FS | EXCL, "eventsetp:i",
     dm_set_disp(OBJ, c->p[0], DM_EVENT_MAX), .prepare = some_events,
     .noglobal = -1)

CASE(dm_set_disp, ok_every_event)
{
	dm_eventset_t set = ((1 << DM_EVENT_MAX) - 1) & ~BIT(MOUNT) & ~BIT(USER);

	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	set = 0;
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
}

CASE(dm_set_disp, ok_global)
{
	dm_eventset_t set = BIT(MOUNT);

	OK(dm_set_disp(w.sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_NO_TOKEN, &set,
		       DM_EVENT_MAX));
	set = 0;
	OK(dm_set_disp(w.sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_NO_TOKEN, &set,
		       DM_EVENT_MAX));
}

CASE(dm_set_disp, ok_bits_from_maxevent_are_clear)
{
	dm_eventset_t set = BIT(CREATE) | BIT(USER) | BIT(MOUNT) | 1ULL << 63;
	char buf[500];
	dm_dispinfo_t *d = (dm_dispinfo_t *)buf;
	size_t len;

	set &= ~BIT(MOUNT);
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_CREATE + 1));
	NEED_OK(dm_getall_disp(w.sid, sizeof(buf), buf, &len));
	THAT(d->di_eventset == BIT(CREATE));
}

CASE(dm_set_disp, ok_taken_from_another)
{
	dm_eventset_t set = BIT(CREATE);
	char buf[500];
	size_t len;

	OK(dm_set_disp(w.other, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	OK(dm_getall_disp(w.other, sizeof(buf), buf, &len));
	THAT(len == 0);
}

CASE(dm_set_disp, EINVAL_maxevent)
{
	dm_eventset_t set = BIT(CREATE);

	ERR(EINVAL, dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, 0));
	ERR(EINVAL, dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set,
				DM_EVENT_MAX + 1));
	ERR(EINVAL, dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, UINT_MAX));
}

CASE(dm_set_disp, EINVAL_event)
{
	dm_eventset_t set = BIT(MOUNT);

	ERR(EINVAL, dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	set = BIT(USER) | BIT(CREATE);
	ERR(EINVAL, dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	set = BIT(MOUNT) | BIT(CREATE);
	ERR(EINVAL, dm_set_disp(w.sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_NO_TOKEN,
				&set, DM_EVENT_MAX));
}

CASE(dm_set_disp, EINVAL_token_and_global)
{
	dm_eventset_t set = BIT(MOUNT);

	ERR(EINVAL, dm_set_disp(w.sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN, w.token,
				&set, DM_EVENT_MAX));
}

static void has_disp(struct call *c)
{
	dm_eventset_t set = BIT(CREATE);

	NEED_OK(dm_set_disp(c->sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
}

FUNC(dm_getall_disp, CALL | SID, "bufp:o rlenp:o",
     dm_getall_disp(c->sid, c->n, c->p[0], c->p[1]), .prepare = has_disp,
     .buf = 0, .lenp = 1, .unit = 1)

CASE(dm_getall_disp, ok_record)
{
	dm_eventset_t set = BIT(CREATE) | BIT(READ);
	char buf[500];
	dm_dispinfo_t *d = (dm_dispinfo_t *)buf;
	size_t len;

	NEED_OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	NEED_OK(dm_getall_disp(w.sid, sizeof(buf), buf, &len));
	THAT(len == sizeof(*d) + DM_FSHSIZE);
	THAT(d->_link == 0 && d->di_eventset == set);
	THAT(!dm_handle_cmp(DM_GET_VALUE(d, di_fshandle, void *),
			    DM_GET_LEN(d, di_fshandle), H(w.fs)));
}

CASE(dm_getall_disp, length_none)
{
	size_t len = 7;

	OK(dm_getall_disp(w.sid, 0, NULL, &len));
	THAT(len == 0);
}

/* --- dmx_session_fd -------------------------------------------------------- */

FUNC(dmx_session_fd, CALL | SID | OPENED, "", dmx_session_fd(c->sid))

CASE(dmx_session_fd, ok_poll)
{
	struct pollfd p = { .fd = dmx_session_fd(w.sid), .events = POLLIN };

	NEED(p.fd >= 0);
	THAT(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
	RET(0, poll(&p, 1, 0));
	OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 0, NULL));
	RET(1, poll(&p, 1, 1000));
	THAT(p.revents == POLLIN);
	next_event(w.sid);
	RET(0, poll(&p, 1, 0));
	close(p.fd);
	done(token_with(w.file, DM_RIGHT_NULL));
}

CASE(dmx_session_fd, EMFILE_limit)
{
	struct rlimit old, lim;

	NEED_OK(getrlimit(RLIMIT_NOFILE, &old));
	lim = old;
	lim.rlim_cur = 0;
	NEED_OK(setrlimit(RLIMIT_NOFILE, &lim));
	ERR(EMFILE, dmx_session_fd(w.sid));
	NEED_OK(setrlimit(RLIMIT_NOFILE, &old));
}
