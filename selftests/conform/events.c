// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events and messages
 */
#include "conform.h"

static void user_event(struct call *c)
{
	NEED_OK(dm_create_userevent(c->sid, 4, "abc", &c->token));
}

/* One asynchronous message, and nothing else */
static void one_message(struct call *c)
{
	char buf[500];
	size_t len;

	while (!dm_get_events(c->sid, 1, 0, sizeof(buf), buf, &len))
		;
	NEED_OK(dm_send_msg(c->sid, DM_MSGTYPE_ASYNC, 16, "fifteen letters"));
}

/* --- dm_get_events --------------------------------------------------------- */

FUNC(dm_get_events, CALL | SID, "bufp:o rlenp:o",
     dm_get_events(c->sid, 1, 0, c->n, c->p[0], c->p[1]),
     .prepare = one_message, .buf = 0, .lenp = 1, .unit = 1)

CASE(dm_get_events, ok_order_and_maxmsgs)
{
	char buf[4096];
	dm_eventmsg_t *m = (dm_eventmsg_t *)buf;
	size_t len;

	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "1"));
	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "2"));
	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "3"));
	NEED_OK(dm_get_events(w.sid, 1, 0, sizeof(buf), buf, &len));
	THAT(m->_link == 0 && m->ev_token == DM_INVALID_TOKEN);
	THAT(DM_GET_LEN(m, ev_data) == 2);
	THAT(!strcmp(DM_GET_VALUE(m, ev_data, char *), "1"));
	/* 0: as many as fit */
	NEED_OK(dm_get_events(w.sid, 0, 0, sizeof(buf), buf, &len));
	THAT(!strcmp(DM_GET_VALUE(m, ev_data, char *), "2"));
	m = DM_STEP_TO_NEXT(m, dm_eventmsg_t *);
	NEED(m);
	THAT(!strcmp(DM_GET_VALUE(m, ev_data, char *), "3"));
	THAT(!DM_STEP_TO_NEXT(m, dm_eventmsg_t *));
}

CASE(dm_get_events, ok_as_many_as_fit)
{
	char buf[4096];
	size_t one, len;

	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "1"));
	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "2"));
	ERR(E2BIG, dm_get_events(w.sid, 0, 0, 1, buf, &one));
	NEED_OK(dm_get_events(w.sid, 0, 0, 2 * one - 1, buf, &len));
	THAT(((dm_eventmsg_t *)buf)->_link == 0 && len <= one);
	NEED_OK(dm_get_events(w.sid, 0, 0, sizeof(buf), buf, &len));
	ERR(EAGAIN, dm_get_events(w.sid, 0, 0, sizeof(buf), buf, &len));
}

CASE(dm_get_events, ok_waits)
{
	dm_eventmsg_t *m;
	pid_t pid;

	offline(w.file);
	pid = spawn(read_it, w.path);
	/* No session wants it yet. */
	usleep(100000);
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN,
		       (dm_eventset_t[]) { BIT(READ) }, DM_EVENT_MAX));
	m = next_event(w.sid);
	THAT(m->ev_type == DM_EVENT_READ && m->ev_token > 0);
	OK(dm_respond_event(w.sid, m->ev_token, DM_RESP_ABORT, ENXIO, 0, NULL));
	RET(ENXIO, reaped(pid));
}

CASE(dm_get_events, EAGAIN_none)
{
	char buf[100];
	size_t len = 7;

	ERR(EAGAIN, dm_get_events(w.sid, 0, 0, sizeof(buf), buf, &len));
	THAT(len == 0);
}

CASE(dm_get_events, EINVAL_flags)
{
	char buf[100];
	size_t len = 7;

	ERR(EINVAL, dm_get_events(w.sid, 0, 2, sizeof(buf), buf, &len));
	ERR(EINVAL, dm_get_events(w.sid, 0, 1U << 31, sizeof(buf), buf, &len));
	THAT(len == 7);
}

static int wait_for_event(const char *path)
{
	char buf[500];
	size_t len;

	(void)path;
	return dm_get_events(w.sid, 0, DM_EV_WAIT, sizeof(buf), buf, &len) ?
		errno : 0;
}

CASE(dm_get_events, EINVAL_assumed_while_waiting)
{
	dm_sessid_t sid;
	pid_t pid = spawn(wait_for_event, NULL);

	usleep(200000);
	NEED_OK(dm_create_session(w.sid, "new", &sid));
	w.sid = sid;
	RET(EINVAL, reaped(pid));
	/* What it told there it tells here as well. */
	ERR(EINVAL, dm_get_events(w.other + 1000, 0, 0, 0, NULL, &(size_t){ 0 }));
}

static void on_alarm(int sig)
{
	(void)sig;
}

CASE(dm_get_events, EINTR_signal)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	char buf[100];
	size_t len = 7;

	sigaction(SIGALRM, &sa, &old);
	alarm(1);
	ERR(EINTR, dm_get_events(w.sid, 0, DM_EV_WAIT, sizeof(buf), buf, &len));
	sigaction(SIGALRM, &old, NULL);
	alarm(LIMIT);
}

CASE(dm_get_events, EFAULT_loses_nothing)
{
	char buf[500];
	size_t len;

	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 2, "1"));
	ERR(EFAULT, dm_get_events(w.sid, 0, 0, 4096, BAD_PTR, &len));
	ERR(EFAULT, dm_get_events(w.sid, 0, 0, sizeof(buf), buf, BAD_PTR));
	OK(dm_get_events(w.sid, 0, 0, sizeof(buf), buf, &len));
}

CASE(dm_get_events, E2BIG_stays)
{
	char buf[500];
	size_t need, len;

	NEED_OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 100, ro_page));
	ERR(E2BIG, dm_get_events(w.sid, 0, DM_EV_WAIT, 100, buf, &need));
	THAT(need > 100 && need % 8 == 0);
	OK(dm_get_events(w.sid, 0, 0, need, buf, &len));
	THAT(len <= need);
}

/* --- dm_respond_event ------------------------------------------------------ */

FUNC(dm_respond_event, CALL | SID | NEED_TOKEN, "respbufp:i",
     dm_respond_event(c->sid, c->token, DM_RESP_CONTINUE, 0, 16, c->p[0]))

CASE(dm_respond_event, ok_abort_reaches_the_process)
{
	dm_eventmsg_t *m;
	pid_t pid;

	offline(w.file);
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN,
		       (dm_eventset_t[]) { BIT(READ) }, DM_EVENT_MAX));
	pid = spawn(read_it, w.path);
	m = next_event(w.sid);
	OK(dm_respond_event(w.sid, m->ev_token, DM_RESP_ABORT, EUCLEAN, 0, NULL));
	RET(EUCLEAN, reaped(pid));
	/* CONTINUE without the data is EIO, and never a zero. */
	pid = spawn(read_it, w.path);
	m = next_event(w.sid);
	OK(dm_respond_event(w.sid, m->ev_token, DM_RESP_CONTINUE, 0, 0, NULL));
	RET(EIO, reaped(pid));
}

CASE(dm_respond_event, ok_largest)
{
	static char buf[65536];

	OK(dm_respond_event(w.sid, token_with(w.file, DM_RIGHT_NULL),
			    DM_RESP_CONTINUE, 0, sizeof(buf), buf));
	/* Not looked at */
	OK(dm_respond_event(w.sid, w.token, DM_RESP_ABORT, 1, 0, BAD_PTR));
}

CASE(dm_respond_event, EINVAL_response)
{
	static const struct {
		int response, reterror;
	} bad[] = {
		{ DM_RESP_INVALID, 0 }, { 4, 0 }, { -1, 0 },
		{ DM_RESP_CONTINUE, 1 }, { DM_RESP_CONTINUE, -1 },
		{ DM_RESP_ABORT, 0 }, { DM_RESP_ABORT, -5 },
		{ DM_RESP_DONTCARE, 0 },	/* MOUNT only */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ERR(EINVAL, dm_respond_event(w.sid, w.token, bad[i].response,
					     bad[i].reterror, 0, NULL));
	done(w.token);
}

CASE(dm_respond_event, E2BIG_response)
{
	static char buf[65537];

	ERR(E2BIG, dm_respond_event(w.sid, w.token, DM_RESP_CONTINUE, 0,
				    sizeof(buf), buf));
	ERR(E2BIG, dm_respond_event(w.sid, w.token, DM_RESP_CONTINUE, 0, SIZE_MAX,
				    buf));
	done(w.token);
}

CASE(dm_respond_event, ESRCH_undelivered)
{
	pid_t pid;

	offline(w.file);
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN,
		       (dm_eventset_t[]) { BIT(READ) }, DM_EVENT_MAX));
	pid = spawn(read_it, w.path);
	usleep(200000);
	/* The next token is that of the event; nobody has fetched it. */
	ERR(ESRCH, dm_respond_event(w.sid, w.token + 1, DM_RESP_CONTINUE, 0, 0,
				    NULL));
	OK(dm_respond_event(w.sid, next_event(w.sid)->ev_token, DM_RESP_ABORT, EIO,
			    0, NULL));
	RET(EIO, reaped(pid));
}

/* --- dm_pending ------------------------------------------------------------ */

FUNC(dm_pending, CALL | SID | NEED_TOKEN, "",
     dm_pending(c->sid, c->token, &(dm_timestruct_t){ 10, 999999999 }))

CASE(dm_pending, ok_stays_outstanding)
{
	dm_timestruct_t t = { 0, 0 };

	OK(dm_pending(w.sid, w.token, &t));
	OK(dm_pending(w.sid, w.token, &t));
	done(w.token);
}

CASE(dm_pending, EFAULT_delay)
{
	ERR(EFAULT, dm_pending(w.sid, w.token, NULL));
	ERR(EFAULT, dm_pending(w.sid, w.token, BAD_PTR));
	ERR(EFAULT, dm_pending(w.sid, w.token, (void *)last_bytes));
}

CASE(dm_pending, EINVAL_delay)
{
	dm_timestruct_t t = { -1, 0 };

	ERR(EINVAL, dm_pending(w.sid, w.token, &t));
	t = (dm_timestruct_t){ 1, -1 };
	ERR(EINVAL, dm_pending(w.sid, w.token, &t));
	t = (dm_timestruct_t){ 1, 1000000000 };
	ERR(EINVAL, dm_pending(w.sid, w.token, &t));
}

/* --- dm_move_event --------------------------------------------------------- */

FUNC(dm_move_event, CALL | SID | NEED_TOKEN, "rtokenp:o",
     dm_move_event(c->sid, c->token, w.sid, c->p[0]), .notoken = ENOENT)

CASE(dm_move_event, ok_with_rights)
{
	dm_token_t t = token_with(w.file, DM_RIGHT_EXCL), moved = -1, all[9];
	dm_right_t right = DM_RIGHT_NULL;
	unsigned int n;
	char buf[500];
	size_t len;

	OK(dm_move_event(w.sid, t, w.other, &moved));
	NEED(moved > 0);
	OK(dm_query_right(w.other, H(w.file), moved, &right));
	THAT(right == DM_RIGHT_EXCL);
	OK(dm_getall_tokens(w.other, 9, all, &n));
	THAT(n == 1 && all[0] == moved);
	ERR(EAGAIN, dm_get_events(w.other, 0, 0, sizeof(buf), buf, &len));
	ERR(ESRCH, dm_respond_event(w.sid, t, DM_RESP_CONTINUE, 0, 0, NULL));
	OK(dm_respond_event(w.other, moved, DM_RESP_CONTINUE, 0, 0, NULL));
}

CASE(dm_move_event, ok_to_itself)
{
	dm_token_t moved = -1;

	OK(dm_move_event(w.sid, w.token, w.sid, &moved));
	THAT(moved == w.token);
	done(moved);
}

CASE(dm_move_event, EINVAL_target)
{
	dm_token_t moved = -1;

	ERR(EINVAL, dm_move_event(w.sid, w.token, 0, &moved));
	ERR(EINVAL, dm_move_event(w.sid, w.token, -1, &moved));
	ERR(EINVAL, dm_move_event(w.sid, w.token, INT_MAX, &moved));
	THAT(moved == -1);
	done(w.token);
}

CASE(dm_move_event, EFAULT_moves_nothing)
{
	ERR(EFAULT, dm_move_event(w.sid, w.token, w.other, BAD_PTR));
	ERR(EFAULT, dm_move_event(w.sid, w.token, w.other, (void *)ro_page));
	done(w.token);
}

/* --- dm_find_eventmsg ------------------------------------------------------ */

FUNC(dm_find_eventmsg, CALL | SID | NEED_TOKEN, "bufp:o rlenp:o",
     dm_find_eventmsg(c->sid, c->token, c->n, c->p[0], c->p[1]),
     .prepare = user_event, .buf = 0, .lenp = 1, .unit = 1, .notoken = EINVAL)

CASE(dm_find_eventmsg, ok_the_same_again)
{
	char buf[500], again[500];
	dm_eventmsg_t *m = (dm_eventmsg_t *)buf;
	size_t len, len2;
	pid_t pid;

	offline(w.file);
	OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN,
		       (dm_eventset_t[]) { BIT(READ) }, DM_EVENT_MAX));
	pid = spawn(read_it, w.path);
	NEED_OK(dm_get_events(w.sid, 1, DM_EV_WAIT, sizeof(buf), buf, &len));
	NEED_OK(dm_find_eventmsg(w.sid, m->ev_token, sizeof(again), again, &len2));
	THAT(m->_link == 0 && len2 <= len && !memcmp(buf, again, len2));
	OK(dm_respond_event(w.sid, m->ev_token, DM_RESP_ABORT, EIO, 0, NULL));
	RET(EIO, reaped(pid));
}

/* --- dm_create_userevent --------------------------------------------------- */

/* The token that comes back is answered when the session goes. */
FUNC(dm_create_userevent, CALL | SID, "msgdatap:i tokenp:o",
     dm_create_userevent(c->sid, 16, c->p[0], c->p[1]))

CASE(dm_create_userevent, ok_largest_and_none)
{
	static char data[65536], buf[66000];
	dm_eventmsg_t *m = (dm_eventmsg_t *)buf;
	dm_token_t t;
	size_t len;

	memset(data, 'u', sizeof(data));
	NEED_OK(dm_create_userevent(w.sid, sizeof(data), data, &t));
	NEED_OK(dm_find_eventmsg(w.sid, t, sizeof(buf), buf, &len));
	THAT(m->ev_type == DM_EVENT_USER && m->ev_token == t);
	THAT(DM_GET_LEN(m, ev_data) == sizeof(data));
	THAT(!memcmp(DM_GET_VALUE(m, ev_data, char *), data, sizeof(data)));
	done(t);
	/* Not looked at */
	NEED_OK(dm_create_userevent(w.sid, 0, BAD_PTR, &t));
	NEED_OK(dm_find_eventmsg(w.sid, t, sizeof(buf), buf, &len));
	THAT(DM_GET_LEN(m, ev_data) == 0);
	done(t);
}

CASE(dm_create_userevent, E2BIG_message)
{
	static char data[65537];
	dm_token_t t = -7;

	ERR(E2BIG, dm_create_userevent(w.sid, sizeof(data), data, &t));
	ERR(E2BIG, dm_create_userevent(w.sid, SIZE_MAX, data, &t));
	THAT(t == -7);
}

CASE(dm_create_userevent, EFAULT_makes_nothing)
{
	dm_token_t t, all[9];
	unsigned int n;

	ERR(EFAULT, dm_create_userevent(w.sid, 4, "abc", BAD_PTR));
	ERR(EFAULT, dm_create_userevent(w.sid, 4, BAD_PTR, &t));
	OK(dm_getall_tokens(w.sid, 9, all, &n));
	THAT(n == 1 && all[0] == w.token);
}

/* --- dm_send_msg ----------------------------------------------------------- */

FUNC(dm_send_msg, CALL | SID, "bufp:i",
     dm_send_msg(c->sid, DM_MSGTYPE_ASYNC, 16, c->p[0]))

static int send_sync(const char *text)
{
	return dm_send_msg(w.sid, DM_MSGTYPE_SYNC, strlen(text), (void *)text) ?
		errno : 0;
}

CASE(dm_send_msg, ok_sync)
{
	dm_eventmsg_t *m;
	pid_t pid = spawn(send_sync, "hello");

	m = next_event(w.sid);
	THAT(m->ev_type == DM_EVENT_USER && m->ev_token > 0);
	THAT(DM_GET_LEN(m, ev_data) == 5);
	done(m->ev_token);
	RET(0, reaped(pid));
	/* An abort's number arrives as it is. */
	pid = spawn(send_sync, "hello");
	m = next_event(w.sid);
	OK(dm_respond_event(w.sid, m->ev_token, DM_RESP_ABORT, 77, 0, NULL));
	RET(77, reaped(pid));
}

CASE(dm_send_msg, ok_largest_and_none)
{
	static char data[65536];

	OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, sizeof(data), data));
	THAT(DM_GET_LEN(next_event(w.sid), ev_data) == sizeof(data));
	OK(dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, 0, BAD_PTR));
	THAT(DM_GET_LEN(next_event(w.sid), ev_data) == 0);
}

CASE(dm_send_msg, EINVAL_msgtype)
{
	ERR(EINVAL, dm_send_msg(w.sid, DM_MSGTYPE_INVALID, 0, NULL));
	ERR(EINVAL, dm_send_msg(w.sid, 3, 0, NULL));
	ERR(EINVAL, dm_send_msg(w.sid, -1, 0, NULL));
}

CASE(dm_send_msg, E2BIG_message)
{
	static char data[65537];

	ERR(E2BIG, dm_send_msg(w.sid, DM_MSGTYPE_ASYNC, sizeof(data), data));
	ERR(E2BIG, dm_send_msg(w.sid, DM_MSGTYPE_SYNC, SIZE_MAX, data));
}

/* --- dm_getall_tokens ------------------------------------------------------ */

FUNC(dm_getall_tokens, CALL | SID, "tokenbufp:o nelemp:o",
     dm_getall_tokens(c->sid, c->n, c->p[0], c->p[1]),
     .buf = 0, .lenp = 1, .unit = sizeof(dm_token_t))

CASE(dm_getall_tokens, ok_delivered_ones)
{
	dm_token_t all[9];
	unsigned int n;
	pid_t pid = spawn(send_sync, "undelivered");

	usleep(200000);
	OK(dm_getall_tokens(w.sid, 9, all, &n));
	THAT(n == 1 && all[0] == w.token);
	done(next_event(w.sid)->ev_token);
	RET(0, reaped(pid));
}

CASE(dm_getall_tokens, length_none)
{
	unsigned int n = 7;

	done(w.token);
	OK(dm_getall_tokens(w.sid, 0, NULL, &n));
	THAT(n == 0);
}

/* --- dmx_respond_events ---------------------------------------------------- */

static void one_answer(struct call *c)
{
	dmx_response_t *r = c->p[0];

	*r = (dmx_response_t){ .token = token_with(w.file, DM_RIGHT_NULL),
			       .response = DM_RESP_CONTINUE };
}

FUNC(dmx_respond_events, CALL | SID, "bufp:b nelemp:o",
     dmx_respond_events(c->sid, 1, c->p[0], c->p[1]), .prepare = one_answer)

CASE(dmx_respond_events, ok_each_by_itself)
{
	dmx_response_t r[3] = {
		{ .token = token_with(w.file, DM_RIGHT_NULL),
		  .response = DM_RESP_CONTINUE, .error = 1 },
		{ .token = INT_MAX, .response = DM_RESP_CONTINUE },
		{ .token = w.token, .response = DM_RESP_ABORT, .reterror = EIO },
	};
	unsigned int n = 77;

	OK(dmx_respond_events(w.sid, 3, r, &n));
	THAT(n == 2);
	THAT(r[0].error == 0 && r[1].error == ESRCH && r[2].error == 0);
}

CASE(dmx_respond_events, EINVAL_none)
{
	dmx_response_t r = { .token = w.token, .response = DM_RESP_CONTINUE };
	unsigned int n = 77;

	ERR(EINVAL, dmx_respond_events(w.sid, 0, &r, &n));
	THAT(n == 77);
}

CASE(dmx_respond_events, E2BIG_count)
{
	static dmx_response_t r[DMX_MAX_RESPONSES + 1];
	unsigned int n = 77;

	ERR(E2BIG, dmx_respond_events(w.sid, DMX_MAX_RESPONSES + 1, r, &n));
	THAT(n == 77);
	OK(dmx_respond_events(w.sid, DMX_MAX_RESPONSES, r, &n));
	THAT(n == 0 && r[0].error == EINVAL);
}
