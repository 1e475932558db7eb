// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sessions, their dispositions, and the messages in their queues
 */
#include "dmapi_ext.h"
#include "libdm.h"

int dm_create_session(dm_sessid_t oldsid, char *sessinfop,
		dm_sessid_t *newsidp)
{
	struct dmapi_create_session arg = {
		.oldsid = oldsid,
		.info = dm_ptr(sessinfop),
		.newsidp = dm_ptr(newsidp),
	};

	return dm_call(DMAPI_CREATE_SESSION, &arg, sizeof(arg));
}

int dm_destroy_session(dm_sessid_t sid)
{
	struct dmapi_session arg = { .sid = sid };

	return dm_call(DMAPI_DESTROY_SESSION, &arg, sizeof(arg));
}

int dmx_session_fd(dm_sessid_t sid)
{
	struct dmapi_session arg = { .sid = sid };

	return dm_call(DMAPI_SESSION_FD, &arg, sizeof(arg));
}

int dmx_open_session(dm_sessid_t sid, unsigned int flags, unsigned int nfs,
		const void *fshanp)
{
	struct dmapi_session_fd arg = {
		.sid = sid,
		.flags = flags,
		.nfs = nfs,
		.fsp = dm_ptr(fshanp),
	};

	return dm_call(DMAPI_SESSION_FD, &arg, sizeof(arg));
}

int dmx_get_session_state(dm_sessid_t sid, dmx_session_state_t *statep)
{
	uint64_t len;
	struct dmapi_getall arg = {
		.sid = sid,
		.buflen = sizeof(*statep),
		.bufp = dm_ptr(statep),
		.rlenp = dm_ptr(&len),
	};

	return dm_call(DMAPI_GET_SESSION_STATE, &arg, sizeof(arg));
}

int dm_getall_sessions(unsigned int nelem, dm_sessid_t *sidbufp,
		unsigned int *nelemp)
{
	struct dmapi_getall_ids arg = {
		.nelem = nelem,
		.bufp = dm_ptr(sidbufp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GETALL_SESSIONS, &arg, sizeof(arg));
}

int dm_query_session(dm_sessid_t sid, size_t buflen, void *bufp,
		size_t *rlenp)
{
	struct dmapi_getall arg = {
		.sid = sid,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_QUERY_SESSION, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dm_get_events(dm_sessid_t sid, unsigned int maxmsgs, unsigned int flags,
		size_t buflen, void *bufp, size_t *rlenp)
{
	struct dmapi_get_events arg = {
		.sid = sid,
		.maxmsgs = maxmsgs,
		.flags = flags,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_GET_EVENTS, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dm_respond_event(dm_sessid_t sid, dm_token_t token, dm_response_t response,
		int reterror, size_t buflen, void *respbufp)
{
	struct dmapi_respond_event arg = {
		.sid = sid,
		.token = token,
		.response = response,
		.reterror = reterror,
		.buflen = buflen,
		.respbufp = dm_ptr(respbufp),
	};

	return dm_call(DMAPI_RESPOND_EVENT, &arg, sizeof(arg));
}

int dm_pending(dm_sessid_t sid, dm_token_t token, dm_timestruct_t *delay)
{
	struct dmapi_pending arg = { .sid = sid, .token = token };
	dm_timestruct_t t;

	if (libdm_copy(&t, delay, sizeof(t)))
		return -1;
	arg.sec = t.dm_tv_sec;
	arg.nsec = t.dm_tv_nsec;
	return dm_call(DMAPI_PENDING, &arg, sizeof(arg));
}

int dm_move_event(dm_sessid_t srcsid, dm_token_t token, dm_sessid_t targetsid,
		dm_token_t *rtokenp)
{
	struct dmapi_move_event arg = {
		.sid = srcsid,
		.token = token,
		.targetsid = targetsid,
		.rtokenp = dm_ptr(rtokenp),
	};

	return dm_call(DMAPI_MOVE_EVENT, &arg, sizeof(arg));
}

int dm_create_userevent(dm_sessid_t sid, size_t msglen, void *msgdatap,
		dm_token_t *tokenp)
{
	struct dmapi_create_userevent arg = {
		.sid = sid,
		.msglen = msglen,
		.msgdatap = dm_ptr(msgdatap),
		.tokenp = dm_ptr(tokenp),
	};

	return dm_call(DMAPI_CREATE_USEREVENT, &arg, sizeof(arg));
}

int dm_send_msg(dm_sessid_t targetsid, dm_msgtype_t msgtype, size_t buflen,
		void *bufp)
{
	struct dmapi_send_msg arg = {
		.sid = targetsid,
		.msgtype = msgtype,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call(DMAPI_SEND_MSG, &arg, sizeof(arg));
}

int dm_find_eventmsg(dm_sessid_t sid, dm_token_t token, size_t buflen,
		void *bufp, size_t *rlenp)
{
	struct dmapi_find_eventmsg arg = {
		.sid = sid,
		.token = token,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_FIND_EVENTMSG, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dmx_respond_events(dm_sessid_t sid, unsigned int nelem,
		dmx_response_t *bufp, unsigned int *nelemp)
{
	struct dmapi_respond_events arg = {
		.sid = sid,
		.nelem = nelem,
		.bufp = dm_ptr(bufp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_RESPOND_EVENTS, &arg, sizeof(arg));
}

int dm_getall_tokens(dm_sessid_t sid, unsigned int nelem,
		dm_token_t *tokenbufp, unsigned int *nelemp)
{
	struct dmapi_getall_ids arg = {
		.sid = sid,
		.nelem = nelem,
		.bufp = dm_ptr(tokenbufp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GETALL_TOKENS, &arg, sizeof(arg));
}

int dm_set_disp(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_eventset_t *eventsetp, unsigned int maxevent)
{
	struct dmapi_set_disp arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.eventsetp = dm_ptr(eventsetp),
		.maxevent = maxevent,
	};

	return dm_call(DMAPI_SET_DISP, &arg, sizeof(arg));
}

int dm_getall_disp(dm_sessid_t sid, size_t buflen, void *bufp, size_t *rlenp)
{
	struct dmapi_getall arg = {
		.sid = sid,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_GETALL_DISP, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dm_get_mountinfo(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, size_t buflen, void *bufp, size_t *rlenp)
{
	struct dmapi_get_mountinfo arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_GET_MOUNTINFO, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}
