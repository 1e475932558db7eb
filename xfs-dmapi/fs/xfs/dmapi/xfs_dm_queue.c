// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues: what sessions do with messages
 *
 * dm_get_events() works in rounds of a few messages.  A round takes messages
 * off the head of the queue under the lock, copies them out without it, and
 * takes the lock again to make them delivered, or, if the copy failed, to put
 * them back where they were.  The message before them is linked to them, and
 * the length of the result told, when they are in place and before they count
 * as delivered.  So the lock is held for short times, memory does not depend
 * on the size of the buffer, and what a failing call did hand over in earlier
 * rounds is a valid result: such a call reports success for these.
 *
 * A worker gets only what is about his file systems, and looks for it among the
 * first messages of the queue, so that the lock is held for a short time here, too.
 * He is woken with every message, beside the one who is woken for it.
 *
 * In the middle of a round the generator may be killed, which makes its message
 * an orphan, and the session may be assumed, which puts the message back at
 * once without waiting for the copy; then the round finds its id dead, and
 * touches nothing.
 */
#include "xfs_dm_compat.h"

#include <linux/freezer.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/* Messages of one round of dm_get_events(). */
#define XFS_DM_ROUND		32

/* Copy out one message, with @link to the next and zeros up to @room bytes. */
static int
xfs_dm_msg_copy(const struct xfs_dm_msg *m, __u64 uptr, unsigned int room,
		__s32 link)
{
	struct dmapi_eventmsg	head = m->m_msg;
	char __user		*p = u64_to_user_ptr(uptr);
	unsigned int		size = xfs_dm_msg_size(m);

	head.link = link;
	if (copy_to_user(p, &head, sizeof(head)) ||
	    copy_to_user(p + sizeof(head), m->m_payload, m->m_len) ||
	    clear_user(p + size, room - size))
		return -EFAULT;
	return 0;
}

/* How far a call of dm_get_events() has come. */
struct xfs_dm_get {
	const struct dmapi_get_events *g_arg;
	const struct xfs_dm_worker *g_worker;
	__u64			g_used;		/* bytes in the buffer */
	__u64			g_last;		/* offset of the last message */
	unsigned int		g_count;	/* messages in it */
	__u64			g_needed;	/* -E2BIG: bytes of the first */
	/* The round's own: messages, how many, the bytes that they take */
	struct xfs_dm_msg	*g_msg[XFS_DM_ROUND];
	unsigned int		g_nr;
	__u64			g_bytes;
};

/* Begin a round: take what fits off the queue. */
static int
xfs_dm_get_take(struct xfs_dm_session *s, struct xfs_dm_get *get)
{
	const struct dmapi_get_events *arg = get->g_arg;
	struct xfs_dm_msg	*m, *n;
	unsigned int		max = XFS_DM_ROUND;
	unsigned int		looked = 0;
	unsigned int		room;
	int			error = 0;

	if (arg->maxmsgs)
		max = min(max, arg->maxmsgs - get->g_count);
	get->g_nr = 0;
	get->g_bytes = 0;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, arg->sid)) {
		spin_unlock(&s->s_lock);
		return -EINVAL;
	}
	list_for_each_entry_safe(m, n, &s->s_queued, m_list) {
		if (get->g_nr == max)
			break;
		if (!xfs_dm_msg_is_for(m, get->g_worker)) {
			if (++looked == XFS_DM_WORKER_LOOK)
				break;
			continue;
		}
		room = xfs_dm_msg_room(m);
		if (room > arg->buflen - get->g_used - get->g_bytes) {
			if (!get->g_count && !get->g_nr) {
				get->g_needed = room;
				error = -E2BIG;
			}
			break;
		}
		refcount_inc(&m->m_ref);
		list_move_tail(&m->m_list, &s->s_inflight);
		WRITE_ONCE(m->m_state, XFS_DM_MSG_INFLIGHT);
		get->g_msg[get->g_nr++] = m;
		get->g_bytes += room;
	}
	spin_unlock(&s->s_lock);
	return error;
}

/* The middle of a round: copy, tell the length, link to it, in this order. */
static int
xfs_dm_get_copy(struct xfs_dm_get *get)
{
	const struct dmapi_get_events *arg = get->g_arg;
	__u64			begin = get->g_used;
	__u64			last = begin;
	__u64			at = begin;
	unsigned int		room;
	unsigned int		i;

	for (i = 0; i < get->g_nr; i++) {
		last = at;
		room = xfs_dm_msg_room(get->g_msg[i]);
		if (xfs_dm_msg_copy(get->g_msg[i], arg->bufp + at, room,
				    i + 1 < get->g_nr ? room : 0))
			return -EFAULT;
		at += room;
	}

	if (xfs_dm_put_u64(arg->rlenp, at))
		return -EFAULT;
	if (get->g_count &&
	    xfs_dm_put_u32(arg->bufp + get->g_last +
			   offsetof(struct dmapi_eventmsg, link),
			   begin - get->g_last)) {
		/* What was told before stays true, if it can be said. */
		xfs_dm_put_u64(arg->rlenp, begin);
		return -EFAULT;
	}
	get->g_last = last;
	return 0;
}

/* End a round: make its messages delivered, or unread again. */
static int
xfs_dm_get_finish(struct xfs_dm_session *s, struct xfs_dm_get *get, int error)
{
	LIST_HEAD(gone);
	struct xfs_dm_msg	*m;
	unsigned int		i;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, get->g_arg->sid)) {
		/* Assumed: they are back already, or even somebody else's. */
		error = -EINVAL;
	} else if (error) {
		for (i = get->g_nr; i > 0; i--)
			xfs_dm_msg_unread(s, get->g_msg[i - 1], &gone);
	} else {
		for (i = 0; i < get->g_nr; i++) {
			m = get->g_msg[i];
			if (xfs_dm_msg_is_note(m)) {
				list_move_tail(&m->m_list, &gone);
				WRITE_ONCE(m->m_state, XFS_DM_MSG_GONE);
				continue;
			}
			m->m_since = ktime_get_boottime_ns();
			list_move_tail(&m->m_list, &s->s_delivered);
			WRITE_ONCE(m->m_state, XFS_DM_MSG_DELIVERED);
			s->s_ndelivered++;
		}
		s->s_nqueued -= get->g_nr;
		get->g_used += get->g_bytes;
		get->g_count += get->g_nr;
	}
	spin_unlock(&s->s_lock);

	for (i = 0; i < get->g_nr; i++)
		xfs_dm_msg_put(get->g_msg[i]);
	xfs_dm_queue_retire(&gone);
	if (error)
		wake_up(&s->s_poll);
	wake_up_nr(&s->s_room, get->g_nr);
	return error;
}

/* Is there something for a worker, or nothing to wait for any more? */
static bool
xfs_dm_get_look(struct xfs_dm_session *s, __s32 sid,
		const struct xfs_dm_worker *worker)
{
	bool			ready;

	spin_lock(&s->s_lock);
	ready = s->s_id != sid || xfs_dm_queue_first(s, worker);
	spin_unlock(&s->s_lock);
	return ready;
}

/*
 * Wait for a message.  Exclusive, so that one message wakes one thread; freezes
 * without a signal that the caller would see.  A worker would be the wrong one,
 * so he is no such one.
 */
static int
xfs_dm_get_wait(struct xfs_dm_session *s, __s32 sid,
		const struct xfs_dm_worker *worker)
{
	if (worker) {
		if (wait_event_freezable(s->s_wait,
					 xfs_dm_get_look(s, sid, worker)))
			return -EINTR;
		return 0;
	}
	if (wait_event_freezable_exclusive(s->s_wait,
					   !list_empty_careful(&s->s_queued) ||
					   READ_ONCE(s->s_id) != sid))
		return -EINTR;
	return 0;
}

/* DMAPI_GET_EVENTS */
static long
xfs_dm_get_events(struct xfs_dm_call *call)
{
	const struct dmapi_get_events *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_get	get = { .g_arg = arg, .g_worker = call->worker };
	bool			pass;
	int			error;

	if ((arg->flags & ~DMAPI_EV_WAIT) || arg->pad)
		return -EINVAL;
	error = xfs_dm_probe_u64(arg->rlenp);
	if (error)
		return error;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, arg->sid)) {
		spin_unlock(&s->s_lock);
		return -EINVAL;
	}
	s->s_getters++;
	s->s_got = ktime_get_boottime_ns();
	spin_unlock(&s->s_lock);

	for (;;) {
		error = xfs_dm_get_take(s, &get);
		if (error)
			break;
		if (get.g_nr) {
			error = xfs_dm_get_copy(&get);
			error = xfs_dm_get_finish(s, &get, error);
			if (error || signal_pending(current) ||
			    get.g_count == arg->maxmsgs)
				break;
			cond_resched();
			continue;
		}
		if (get.g_count)
			break;
		if (!(arg->flags & DMAPI_EV_WAIT)) {
			error = -EAGAIN;
			break;
		}
		error = xfs_dm_get_wait(s, arg->sid, call->worker);
		if (error)
			break;
	}

	/* Whoever leaves messages behind wakes the next for them. */
	spin_lock(&s->s_lock);
	s->s_getters--;
	pass = !list_empty(&s->s_queued);
	spin_unlock(&s->s_lock);
	if (pass)
		wake_up(&s->s_wait);

	if (error == -EFAULT && get.g_count)
		return 0;
	if ((error == -EAGAIN || error == -E2BIG) &&
	    xfs_dm_put_u64(arg->rlenp, get.g_needed))
		return -EFAULT;
	return error;
}

/*
 * Is this an answer?  The errno of an ABORT goes to whoever made the file
 * operation, so the numbers that mean something inside the kernel, which begin
 * with ERESTARTSYS, are refused.  EDQUOT is beyond them on one architecture.
 */
static bool
xfs_dm_response_valid(__u32 response, __s32 reterror)
{
	switch (response) {
	case DMAPI_RESP_CONTINUE:
		return reterror == 0;
	case DMAPI_RESP_ABORT:
		return (reterror > 0 && reterror < ERESTARTSYS) ||
			reterror == EDQUOT;
	case DMAPI_RESP_DONTCARE:
		return true;
	default:
		return false;
	}
}

/* Answer one message of the session, which the caller knows as @sid. */
static int
xfs_dm_answer(const struct xfs_dm_call *call, __s32 sid, __s32 token,
	      __u32 response, __s32 reterror)
{
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	int			error = 0;

	m = xfs_dm_token_get(token);
	if (!m)
		return -ESRCH;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, sid)) {
		error = -EINVAL;
	} else if (!xfs_dm_msg_is_outstanding(s, m) ||
		   !xfs_dm_msg_is_for(m, call->worker)) {
		error = -ESRCH;
	} else if (response == DMAPI_RESP_DONTCARE &&
		   m->m_msg.type != DMAPI_EVENT_MOUNT) {
		error = -EINVAL;
	} else {
		list_del_init(&m->m_list);
		s->s_ndelivered--;
		m->m_dontcare = response == DMAPI_RESP_DONTCARE;
		m->m_error = response == DMAPI_RESP_ABORT ? -reterror : 0;
		/* Pairs with the generator's look at the state. */
		smp_store_release(&m->m_state, XFS_DM_MSG_ANSWERED);
	}
	spin_unlock(&s->s_lock);
	if (!error) {
		xfs_dm_right_forget(m);	/* @xfs-dm-rights */
		wake_up(&m->m_wait);
		xfs_dm_msg_retire(m);
	}
	xfs_dm_msg_put(m);
	return error;
}

/* DMAPI_RESPOND_EVENT */
static long
xfs_dm_respond_event(struct xfs_dm_call *call)
{
	const struct dmapi_respond_event *arg = (void *)call->arg.bytes;

	if (arg->token <= 0)
		return -EINVAL;
	if (!xfs_dm_response_valid(arg->response, arg->reterror))
		return -EINVAL;
	if (arg->buflen > DMAPI_MAX_MESSAGE_DATA)
		return -E2BIG;
	if (arg->buflen && fault_in_readable(u64_to_user_ptr(arg->respbufp),
					     arg->buflen))
		return -EFAULT;
	return xfs_dm_answer(call, arg->sid, arg->token, arg->response,
			     arg->reterror);
}

/*
 * DMAPI_RESPOND_EVENTS: EINVAL no answers; E2BIG more than DMAPI_MAX_RESPONSES;
 * EFAULT, which may be found when some are given.  What is wrong with one of
 * them is told in it.
 */
static long
xfs_dm_respond_events(struct xfs_dm_call *call)
{
	const struct dmapi_respond_events *arg = (void *)call->arg.bytes;
	struct dmapi_response	r[XFS_DM_ROUND];
	struct dmapi_response	*p;
	unsigned int		i, n, at;
	unsigned int		given = 0;

	if (!arg->nelem)
		return -EINVAL;
	if (arg->nelem > DMAPI_MAX_RESPONSES)
		return -E2BIG;
	for (at = 0; at < arg->nelem; at += n) {
		__u64		from = arg->bufp + at * sizeof(r[0]);

		n = min(arg->nelem - at, ARRAY_SIZE(r));
		if (copy_from_user(r, u64_to_user_ptr(from), n * sizeof(r[0])))
			return -EFAULT;
		for (i = 0; i < n; i++) {
			p = &r[i];
			p->error = EINVAL;
			if (p->token > 0 &&
			    xfs_dm_response_valid(p->response, p->reterror))
				p->error = -xfs_dm_answer(call, arg->sid,
							  p->token, p->response,
							  p->reterror);
			given += !p->error;
		}
		if (copy_to_user(u64_to_user_ptr(from), r, n * sizeof(r[0])))
			return -EFAULT;
		cond_resched();
	}
	return xfs_dm_put_u32(arg->nelemp, given);
}

/*
 * DMAPI_PENDING: the answer will take its time.  Whoever must not be delayed
 * leaves; how long it may take is nobody's business here.
 */
static long
xfs_dm_pending(struct xfs_dm_call *call)
{
	const struct dmapi_pending *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	int			error = 0;

	if (arg->token <= 0 || arg->pad || arg->nsec >= NSEC_PER_SEC ||
	    arg->sec < 0)
		return -EINVAL;
	m = xfs_dm_token_get(arg->token);
	if (!m)
		return -ESRCH;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, arg->sid))
		error = -EINVAL;
	else if (!xfs_dm_msg_is_outstanding(s, m) ||
		 !xfs_dm_msg_is_for(m, call->worker))
		error = -ESRCH;
	else
		WRITE_ONCE(m->m_pending, true);
	spin_unlock(&s->s_lock);
	if (!error)
		wake_up(&m->m_wait);
	xfs_dm_msg_put(m);
	return error;
}

/* DMAPI_FIND_EVENTMSG: the message of an outstanding token once more */
static long
xfs_dm_find_eventmsg(struct xfs_dm_call *call)
{
	const struct dmapi_find_eventmsg *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	unsigned int		size;
	int			error = 0;

	if (arg->token <= 0)
		return -EINVAL;
	m = xfs_dm_token_get(arg->token);
	if (!m)
		return -EINVAL;

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, arg->sid) ||
	    !xfs_dm_msg_is_outstanding(s, m) ||
	    !xfs_dm_msg_is_for(m, call->worker))
		error = -EINVAL;
	spin_unlock(&s->s_lock);
	if (error)
		goto out;

	/* A message does not change once it is queued. */
	size = xfs_dm_msg_size(m);
	if (size > arg->buflen)
		error = -E2BIG;
	else
		error = xfs_dm_msg_copy(m, arg->bufp, size, 0);
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, size))
		error = -EFAULT;
out:
	xfs_dm_msg_put(m);
	return error;
}

/* How many messages is this caller to answer? */
static unsigned int
xfs_dm_count_delivered(const struct xfs_dm_call *call)
{
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	unsigned int		n = 0;

	lockdep_assert_held(&s->s_lock);
	if (!call->worker)
		return s->s_ndelivered;
	list_for_each_entry(m, &s->s_delivered, m_list)
		n += xfs_dm_msg_is_for(m, call->worker);
	return n;
}

/* DMAPI_GETALL_TOKENS: what is to be answered, in the order of delivery */
static long
xfs_dm_getall_tokens(struct xfs_dm_call *call)
{
	const struct dmapi_getall_ids *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	__s32			*tokens = NULL;
	unsigned int		room = 0;
	unsigned int		n;
	int			error = 0;

	/* What was counted may have grown when there is memory for it. */
	for (;;) {
		spin_lock(&s->s_lock);
		if (!xfs_dm_session_is(s, arg->sid))
			error = -EINVAL;
		n = xfs_dm_count_delivered(call);
		if (error || n > arg->nelem || n <= room)
			break;
		spin_unlock(&s->s_lock);

		kvfree(tokens);
		room = n + n / 8;
		tokens = kvmalloc_objs(*tokens, room, GFP_KERNEL_ACCOUNT);
		if (!tokens)
			return -ENOMEM;
	}
	if (!error && n <= arg->nelem) {
		unsigned int	i = 0;

		list_for_each_entry(m, &s->s_delivered, m_list) {
			if (xfs_dm_msg_is_for(m, call->worker))
				tokens[i++] = m->m_msg.token;
		}
	}
	spin_unlock(&s->s_lock);

	if (!error && n > arg->nelem)
		error = -E2BIG;
	else if (!error && n && copy_to_user(u64_to_user_ptr(arg->bufp), tokens,
					     n * sizeof(*tokens)))
		error = -EFAULT;
	kvfree(tokens);
	if ((!error || error == -E2BIG) && xfs_dm_put_u32(arg->nelemp, n))
		error = -EFAULT;
	return error;
}

const struct xfs_dm_op xfs_dm_queue_ops[] = {
	{
		.number	= DMAPI_GET_EVENTS,
		.size	= sizeof(struct dmapi_get_events),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_get_events,
	},
	{
		.number	= DMAPI_RESPOND_EVENT,
		.size	= sizeof(struct dmapi_respond_event),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_respond_event,
	},
	{
		.number	= DMAPI_RESPOND_EVENTS,
		.size	= sizeof(struct dmapi_respond_events),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_respond_events,
	},
	{
		.number	= DMAPI_PENDING,
		.size	= sizeof(struct dmapi_pending),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_pending,
	},
	{
		.number	= DMAPI_FIND_EVENTMSG,
		.size	= sizeof(struct dmapi_find_eventmsg),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_find_eventmsg,
	},
	{
		.number	= DMAPI_GETALL_TOKENS,
		.size	= sizeof(struct dmapi_getall_ids),
		.needs	= XFS_DM_OP_SESSION | XFS_DM_OP_WORKER,
		.call	= xfs_dm_getall_tokens,
	},
	{ }
};
