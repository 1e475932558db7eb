// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of applications' own, and messages that change hands
 *
 * An application sends a message to a session, with whatever bytes, and goes on,
 * or waits until somebody has answered it.  It waits like an operation that
 * raised an event: killable, and listed.  The session may be assumed meanwhile,
 * under whatever id it goes on.
 *
 * Or it gives a message to its own session, as one that has been read and is to
 * be answered.  Such a message is a note of what it is about to do: whoever
 * assumes the session finds the token, and what it stands for.
 *
 * And a message that one session has to answer can be given to another.  Nothing
 * changes for whoever waits for the answer.  Tokens are unique among all
 * sessions, so the token stays the same, and can be told before anything
 * happens: no message gets where its receiver cannot name it.
 */
#include "xfs_dm_compat.h"

#include <linux/sched/signal.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/* Make a message of @len bytes that are at @uptr. */
static struct xfs_dm_msg *
xfs_dm_user_msg(bool sync, __u64 len, __u64 uptr)
{
	struct xfs_dm_msg	*m;

	if (len > DMAPI_MAX_MESSAGE_DATA)
		return ERR_PTR(-E2BIG);
	if (sync)
		m = xfs_dm_msg_alloc(DMAPI_EVENT_USER, len);
	else
		m = xfs_dm_note_alloc(DMAPI_EVENT_USER, len,
				      GFP_KERNEL_ACCOUNT);
	if (!m)
		return ERR_PTR(-ENOMEM);
	if (!copy_from_user(m->m_payload, u64_to_user_ptr(uptr), len))
		return m;

	if (sync)
		xfs_dm_msg_abandon(m);
	xfs_dm_msg_put(m);
	return ERR_PTR(-EFAULT);
}

/* Tell a token.  What was there comes back, for a call that fails after all. */
static int
xfs_dm_tell_token(__u64 uptr, __s32 token, __s32 *old)
{
	__s32 __user		*p = u64_to_user_ptr(uptr);

	if (get_user(*old, p) || put_user(token, p))
		return -EFAULT;
	return 0;
}

/* DMAPI_CREATE_USEREVENT */
static long
xfs_dm_create_userevent(struct xfs_dm_call *call)
{
	const struct dmapi_create_userevent *arg = (void *)call->arg.bytes;
	struct xfs_dm_msg	*m;
	__s32			old;
	int			error;

	if (arg->pad)
		return -EINVAL;
	m = xfs_dm_user_msg(true, arg->msglen, arg->msgdatap);
	if (IS_ERR(m))
		return PTR_ERR(m);

	error = xfs_dm_tell_token(arg->tokenp, m->m_msg.token, &old);
	if (!error) {
		error = xfs_dm_msg_deliver(call->s, arg->sid, m);
		if (error)
			xfs_dm_put_u32(arg->tokenp, old);
	}
	if (error)
		xfs_dm_msg_abandon(m);
	/* Nobody waits for the answer. */
	xfs_dm_msg_put(m);
	return error;
}

/*
 * Queue a message, once there is room.  Whoever was woken and does not use the
 * room wakes the next.
 */
static int
xfs_dm_user_queue(struct xfs_dm_waiter *w, struct xfs_dm_session *s,
		  struct xfs_dm_msg *m, unsigned int state)
{
	int			error;

	for (;;) {
		error = xfs_dm_msg_queue(s, m, XFS_DM_MAX_QUEUED);
		if (error != -ENOSPC)
			return error;

		WRITE_ONCE(w->w_no_room, true);
		error = ___wait_event(s->s_room,
				      !xfs_dm_session_is_full(s, XFS_DM_MAX_QUEUED) ||
				      !READ_ONCE(s->s_id),
				      state, 1, 0, schedule());
		WRITE_ONCE(w->w_no_room, false);
		if (error) {
			wake_up(&s->s_room);
			/* A handler for the signal is there to end this. */
			return fatal_signal_pending(current) ? -EINTR :
							       -ERESTARTNOHAND;
		}
	}
}

/* DMAPI_SEND_MSG */
static long
xfs_dm_send_msg(struct xfs_dm_call *call)
{
	const struct dmapi_send_msg *arg = (void *)call->arg.bytes;
	static const __u8	nothing[DMAPI_HANDLE_LEN];
	const struct xfs_dm_about about = {
		.a_event	= DMAPI_EVENT_USER,
		.a_handle	= nothing,
	};
	struct xfs_dm_waiter	w = { .w_about = &about };
	bool			sync = arg->msgtype == DMAPI_MSGTYPE_SYNC;
	struct xfs_dm_msg	*m;
	int			error;

	if (!sync && arg->msgtype != DMAPI_MSGTYPE_ASYNC)
		return -EINVAL;
	m = xfs_dm_user_msg(sync, arg->buflen, arg->bufp);
	if (IS_ERR(m))
		return PTR_ERR(m);

	if (!sync) {
		xfs_dm_waiter_add(&w);
		error = xfs_dm_user_queue(&w, call->s, m,
					  TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		xfs_dm_waiter_del(&w);
		if (error)
			xfs_dm_msg_put(m);
		return error;
	}

	w.w_msg = m;
	xfs_dm_waiter_add(&w);
	error = xfs_dm_user_queue(&w, call->s, m, xfs_dm_wait_state(&w));
	if (!error && wait_event_state(m->m_wait,
				       xfs_dm_msg_is_answered(m) ||
				       xfs_dm_msg_is_returned(m),
				       xfs_dm_wait_state(&w)))
		error = -EINTR;
	else if (!error)
		error = -EINVAL;
	xfs_dm_waiter_del(&w);
	/* An answer that came in the last moment counts. */
	if (xfs_dm_msg_abandon(m) > 0)
		error = m->m_error;
	xfs_dm_msg_put(m);
	return error;
}

/* DMAPI_MOVE_EVENT */
static long
xfs_dm_move_event(struct xfs_dm_call *call)
{
	const struct dmapi_move_event *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*to;
	struct xfs_dm_msg	*m;
	__s32			old;
	int			error;

	if (arg->token <= 0 || arg->pad)
		return -EINVAL;
	to = xfs_dm_session_get(arg->targetsid);
	if (IS_ERR(to))
		return PTR_ERR(to);
	error = -ENOENT;
	m = xfs_dm_token_get(arg->token);
	if (!m)
		goto out;

	error = xfs_dm_tell_token(arg->rtokenp, arg->token, &old);
	if (!error) {
		error = xfs_dm_msg_move(call->s, arg->sid, to, arg->targetsid,
					m);
		if (error)
			xfs_dm_put_u32(arg->rtokenp, old);
	}
	xfs_dm_msg_put(m);
out:
	xfs_dm_session_put(to);
	return error;
}

const struct xfs_dm_op xfs_dm_user_ops[] = {
	{
		.number	= DMAPI_CREATE_USEREVENT,
		.size	= sizeof(struct dmapi_create_userevent),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_create_userevent,
	},
	{
		.number	= DMAPI_SEND_MSG,
		.size	= sizeof(struct dmapi_send_msg),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_send_msg,
	},
	{
		.number	= DMAPI_MOVE_EVENT,
		.size	= sizeof(struct dmapi_move_event),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_move_event,
	},
	{ }
};
