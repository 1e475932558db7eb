// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages and tokens
 *
 * A message gets its token when it is made, so that queuing it cannot fail for
 * want of memory, and its sequence number when it is queued, so that a queue
 * is in the order of the numbers.  Tokens are found through one table, whatever
 * their number; a token is outstanding in a session while its message is among
 * those delivered to it.
 *
 * Here is how a message comes into a queue, and leaves it when its generator
 * gives up; xfs_dm_queue.c has what sessions do with it in between.
 */
#include "xfs_dm_compat.h"

#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

static DEFINE_XARRAY_FLAGS(xfs_dm_tokens, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
static u32		xfs_dm_token_next = 1;
static atomic_t		xfs_dm_sequence = ATOMIC_INIT(0);

/*
 * The newest token that was retired.  Its place stays reserved, and with it the
 * nodes on the way there.  Its neighbour, the next token, finds them; else every
 * event that comes alone would make them, and free them again.
 */
static u32		xfs_dm_token_kept;

/**
 * xfs_dm_msg_alloc() - make a synchronous message
 * @type: DMAPI_EVENT_*
 * @len: bytes of the event's structure and its variable data
 *
 * The payload is zero, and the caller's to fill in until it queues the message.
 * There are two references, the caller's and that of the token; the latter is
 * dropped with xfs_dm_msg_retire().
 *
 * Return: the message, or NULL if there is no memory or token for it.
 */
struct xfs_dm_msg *
xfs_dm_msg_alloc(int type, unsigned int len)
{
	struct xfs_dm_msg	*m;
	u32			token;

	m = xfs_dm_note_alloc(type, len, GFP_KERNEL_ACCOUNT);
	if (!m)
		return NULL;
	/* Its token has one, too. */
	refcount_inc(&m->m_ref);

	/* It can be found at once, and is nobody's while it is not queued. */
	if (xa_alloc_cyclic(&xfs_dm_tokens, &token, m, XA_LIMIT(1, S32_MAX),
			    &xfs_dm_token_next, GFP_KERNEL) < 0) {
		kvfree(m);
		return NULL;
	}
	m->m_msg.token = token;
	return m;
}

/**
 * xfs_dm_note_alloc() - make an asynchronous message
 * @type: DMAPI_EVENT_*
 * @len: bytes of the event's structure and its variable data
 * @gfp: how to allocate
 *
 * It has no token, and one reference, which goes with it into a queue.
 *
 * Return: the message, or NULL if there is no memory for it.
 */
struct xfs_dm_msg *
xfs_dm_note_alloc(int type, unsigned int len, gfp_t gfp)
{
	struct xfs_dm_msg	*m;

	m = kvzalloc(struct_size(m, m_payload, len), gfp);
	if (!m)
		return NULL;
	refcount_set(&m->m_ref, 1);
	m->m_state = XFS_DM_MSG_NEW;
	INIT_LIST_HEAD(&m->m_list);
	init_waitqueue_head(&m->m_wait);
	INIT_LIST_HEAD(&m->m_rights);	/* @xfs-dm-rights */
	m->m_len = len;
	m->m_msg.type = type;
	m->m_msg.token = DMAPI_INVALID_TOKEN;
	m->m_msg.data.offset = sizeof(struct dmapi_eventmsg);
	m->m_msg.data.length = len;
	return m;
}

/**
 * xfs_dm_msg_put() - drop a reference to a message
 * @m: the message
 *
 * May sleep if the message is larger than a page.
 */
void
xfs_dm_msg_put(struct xfs_dm_msg *m)
{
	if (!refcount_dec_and_test(&m->m_ref))
		return;
	if (m->m_session)
		xfs_dm_session_put(m->m_session);
	kvfree(m);
}

/**
 * xfs_dm_msg_retire() - end a message's token
 * @m: the message, in no list
 */
void
xfs_dm_msg_retire(struct xfs_dm_msg *m)
{
	u32			token = m->m_msg.token;

	if (xfs_dm_msg_is_note(m)) {
		xfs_dm_msg_put(m);
		return;
	}
	xa_lock(&xfs_dm_tokens);
	/* Newer, in a circle of 31 bits? */
	if ((s32)((token - xfs_dm_token_kept) << 1) > 0) {
		/* In a table that allocates, NULL for an entry reserves. */
		__xa_store(&xfs_dm_tokens, token, NULL, 0);
		swap(token, xfs_dm_token_kept);
	}
	if (token)
		__xa_erase(&xfs_dm_tokens, token);
	xa_unlock(&xfs_dm_tokens);
	xfs_dm_msg_put(m);
}

/**
 * xfs_dm_queue_retire() - end the tokens of messages that went away
 * @gone: list of them, as xfs_dm_queue_assumed() fills it
 */
void
xfs_dm_queue_retire(struct list_head *gone)
{
	struct xfs_dm_msg	*m, *n;

	list_for_each_entry_safe(m, n, gone, m_list) {
		list_del_init(&m->m_list);
		xfs_dm_msg_retire(m);
	}
}

/* Room for one more message, if its generator may leave @max there? */
static bool
xfs_dm_session_has_room(struct xfs_dm_session *s, unsigned int max)
{
	lockdep_assert_held(&s->s_lock);
	return !xfs_dm_session_is_full(s, max);
}

static void
xfs_dm_msg_add(struct xfs_dm_session *s, struct xfs_dm_msg *m)
{
	lockdep_assert_held(&s->s_lock);
	xfs_dm_session_hold(s);
	WRITE_ONCE(m->m_session, s);
	m->m_msg.sequence = atomic_inc_return(&xfs_dm_sequence);
	m->m_since = ktime_get_boottime_ns();
	list_add_tail(&m->m_list, &s->s_queued);
	s->s_nqueued++;
	WRITE_ONCE(m->m_state, XFS_DM_MSG_QUEUED);
}

/**
 * xfs_dm_note_reserve() - keep room in a queue for a message that may come
 * @s: the session, referenced by the caller
 * @max: messages that there may be with it
 *
 * Undone by xfs_dm_note_unreserve(), or by queuing the message.
 *
 * Return: 0; -EINVAL if the session was destroyed; -ENOSPC if it is full.
 */
int
xfs_dm_note_reserve(struct xfs_dm_session *s, unsigned int max)
{
	int			error = 0;

	spin_lock(&s->s_lock);
	if (!s->s_id)
		error = -EINVAL;
	else if (!xfs_dm_session_has_room(s, max))
		error = -ENOSPC;
	else
		s->s_nreserved++;
	spin_unlock(&s->s_lock);
	return error;
}

/** xfs_dm_note_unreserve() - the message does not come */
void
xfs_dm_note_unreserve(struct xfs_dm_session *s)
{
	spin_lock(&s->s_lock);
	s->s_nreserved--;
	spin_unlock(&s->s_lock);
	wake_up(&s->s_room);
}

/**
 * xfs_dm_note_queue() - queue a message for which there is room
 * @s: the session, with room kept by xfs_dm_note_reserve()
 * @m: an asynchronous message, which is the queue's from now on
 *
 * From any context that may take a spinlock.
 *
 * Return: 0; -EINVAL if the session was destroyed: the message is still the
 * caller's.
 */
int
xfs_dm_note_queue(struct xfs_dm_session *s, struct xfs_dm_msg *m)
{
	int			error = 0;

	spin_lock(&s->s_lock);
	s->s_nreserved--;
	if (s->s_id)
		xfs_dm_msg_add(s, m);
	else
		error = -EINVAL;
	spin_unlock(&s->s_lock);
	if (error)
		return error;

	wake_up(&s->s_wait);
	wake_up(&s->s_poll);
	return 0;
}

/**
 * xfs_dm_msg_queue() - give a message to a session
 * @s: the session, referenced by the caller
 * @m: a new message
 * @max: messages that there may be with it
 *
 * Return: 0; -EINVAL if the session was destroyed; -ENOSPC if its queue is
 * full.  The message is still new then.
 */
int
xfs_dm_msg_queue(struct xfs_dm_session *s, struct xfs_dm_msg *m,
		 unsigned int max)
{
	int			error = 0;

	spin_lock(&s->s_lock);
	if (!s->s_id)
		error = -EINVAL;
	else if (!xfs_dm_session_has_room(s, max))
		error = -ENOSPC;
	else
		xfs_dm_msg_add(s, m);
	spin_unlock(&s->s_lock);
	if (error)
		return error;

	wake_up(&s->s_wait);
	wake_up(&s->s_poll);
	return 0;
}

/**
 * xfs_dm_msg_deliver() - give a session a message that it has read already
 * @s: the session, referenced by the caller
 * @sid: its id, as the caller knows it
 * @m: a new synchronous message
 *
 * Return: 0; -EINVAL if the session has that id no more: the message is still
 * new then.
 */
int
xfs_dm_msg_deliver(struct xfs_dm_session *s, __s32 sid, struct xfs_dm_msg *m)
{
	int			error = 0;

	spin_lock(&s->s_lock);
	if (xfs_dm_session_is(s, sid)) {
		xfs_dm_session_hold(s);
		WRITE_ONCE(m->m_session, s);
		m->m_msg.sequence = atomic_inc_return(&xfs_dm_sequence);
		m->m_since = ktime_get_boottime_ns();
		list_add_tail(&m->m_list, &s->s_delivered);
		s->s_ndelivered++;
		WRITE_ONCE(m->m_state, XFS_DM_MSG_DELIVERED);
	} else {
		error = -EINVAL;
	}
	spin_unlock(&s->s_lock);
	return error;
}

/* With both locks held: are these the sessions, and is the message the first's? */
static int
xfs_dm_msg_may_move(struct xfs_dm_session *s, __s32 sid,
		    struct xfs_dm_session *to, __s32 tosid,
		    struct xfs_dm_msg *m)
{
	if (!xfs_dm_session_is(s, sid) || !xfs_dm_session_is(to, tosid))
		return -EINVAL;
	return xfs_dm_msg_is_outstanding(s, m) ? 0 : -ENOENT;
}

/**
 * xfs_dm_msg_move() - let another session answer a message
 * @s: the session that has to answer it now
 * @sid: its id, as the caller knows it
 * @to: the session that shall, perhaps the same
 * @tosid: likewise
 * @m: the message
 *
 * The caller has references to all three.  The token stays what it is.
 *
 * Return: 0; -EINVAL if a session has that id no more; -ENOENT if the message is
 * not outstanding in @s.
 */
int
xfs_dm_msg_move(struct xfs_dm_session *s, __s32 sid, struct xfs_dm_session *to,
		__s32 tosid, struct xfs_dm_msg *m)
{
	struct xfs_dm_session	*first = s;
	struct xfs_dm_session	*second = to;
	int			error;

	if (s == to) {
		spin_lock(&s->s_lock);
		error = xfs_dm_msg_may_move(s, sid, to, tosid, m);
		spin_unlock(&s->s_lock);
		return error;
	}

	if (first > second)
		swap(first, second);
	spin_lock(&first->s_lock);
	spin_lock_nested(&second->s_lock, SINGLE_DEPTH_NESTING);
	error = xfs_dm_msg_may_move(s, sid, to, tosid, m);
	if (!error) {
		m->m_since = ktime_get_boottime_ns();
		list_move_tail(&m->m_list, &to->s_delivered);
		s->s_ndelivered--;
		to->s_ndelivered++;
		xfs_dm_session_hold(to);
		WRITE_ONCE(m->m_session, to);
	}
	spin_unlock(&second->s_lock);
	spin_unlock(&first->s_lock);
	/* The message's reference */
	if (!error)
		xfs_dm_session_put(s);
	return error;
}

/**
 * xfs_dm_msg_holder() - who has a message?
 * @m: the message, which was queued
 *
 * It may be moved at any time.
 *
 * Return: the session, to be dropped with xfs_dm_session_put().
 */
struct xfs_dm_session *
xfs_dm_msg_holder(struct xfs_dm_msg *m)
{
	struct xfs_dm_session	*s;

	rcu_read_lock();
	do {
		s = READ_ONCE(m->m_session);
	} while (!refcount_inc_not_zero(&s->s_ref));
	rcu_read_unlock();
	return s;
}

/**
 * xfs_dm_msg_abandon() - the generator no longer waits
 * @m: its message, new or queued
 *
 * What nobody has read disappears; what somebody has stays for him to answer.
 *
 * Return: 1 if the answer was there already, and m_error is valid; -1 if the
 * message stays behind; 0 if it is gone, or was returned.
 */
int
xfs_dm_msg_abandon(struct xfs_dm_msg *m)
{
	struct xfs_dm_session	*s;
	bool			retire = false;
	bool			look = false;
	int			ret = 0;

	if (!READ_ONCE(m->m_session)) {
		WRITE_ONCE(m->m_state, XFS_DM_MSG_GONE);
		xfs_dm_msg_retire(m);
		return 0;
	}

	for (;;) {
		s = xfs_dm_msg_holder(m);
		spin_lock(&s->s_lock);
		if (READ_ONCE(m->m_session) == s)
			break;
		spin_unlock(&s->s_lock);
		xfs_dm_session_put(s);
	}

	switch (m->m_state) {
	case XFS_DM_MSG_QUEUED:
		list_del_init(&m->m_list);
		s->s_nqueued--;
		WRITE_ONCE(m->m_state, XFS_DM_MSG_GONE);
		retire = true;
		/* One more comes where workers look. */
		look = s->s_nqueued >= XFS_DM_WORKER_LOOK;
		break;
	case XFS_DM_MSG_ANSWERED:
		ret = 1;
		break;
	case XFS_DM_MSG_RETURNED:
		break;
	default:
		m->m_orphan = true;
		ret = -1;
		break;
	}
	spin_unlock(&s->s_lock);

	if (look)
		wake_up(&s->s_wait);
	if (retire) {
		wake_up(&s->s_room);
		xfs_dm_msg_retire(m);
	}
	xfs_dm_session_put(s);
	return ret;
}

/**
 * xfs_dm_msg_unread() - a message in flight did not arrive
 * @s: its session, with s_lock held
 * @m: the message
 * @gone: for xfs_dm_queue_retire(), when the lock is dropped
 *
 * It goes back into the queue, to the place it had.  Only what went back
 * likewise can be before it, so that the walk is short.  An orphan goes to
 * @gone instead, since nobody waits for it.
 */
void
xfs_dm_msg_unread(struct xfs_dm_session *s, struct xfs_dm_msg *m,
		  struct list_head *gone)
{
	struct list_head	*before = &s->s_queued;
	struct xfs_dm_msg	*pos;

	lockdep_assert_held(&s->s_lock);

	if (m->m_orphan) {
		list_move_tail(&m->m_list, gone);
		s->s_nqueued--;
		WRITE_ONCE(m->m_state, XFS_DM_MSG_GONE);
		return;
	}

	list_for_each_entry(pos, &s->s_queued, m_list) {
		/* Sequence numbers wrap. */
		if ((__s32)(pos->m_msg.sequence - m->m_msg.sequence) > 0) {
			before = &pos->m_list;
			break;
		}
	}
	list_move_tail(&m->m_list, before);
	WRITE_ONCE(m->m_state, XFS_DM_MSG_QUEUED);
}

/**
 * xfs_dm_queue_assumed() - a session has got a new id
 * @s: the session, with s_lock held
 * @gone: for xfs_dm_queue_retire(), when the lock is dropped
 */
void
xfs_dm_queue_assumed(struct xfs_dm_session *s, struct list_head *gone)
{
	struct xfs_dm_msg	*m, *n;

	list_for_each_entry_safe_reverse(m, n, &s->s_inflight, m_list)
		xfs_dm_msg_unread(s, m, gone);
}

/**
 * xfs_dm_msg_again() - make a message like one that was returned
 * @m: its generator's
 *
 * Return: as xfs_dm_msg_alloc(); the token is another one.
 */
struct xfs_dm_msg *
xfs_dm_msg_again(const struct xfs_dm_msg *m)
{
	struct xfs_dm_msg	*again;

	again = xfs_dm_msg_alloc(m->m_msg.type, m->m_len);
	if (again) {
		again->m_fsid = m->m_fsid;
		memcpy(again->m_payload, m->m_payload, m->m_len);
	}
	return again;
}

/**
 * xfs_dm_queue_first() - what would dm_get_events() give?
 * @s: the session, with s_lock held
 * @worker: for whom
 *
 * Return: the first message, or NULL.
 */
struct xfs_dm_msg *
xfs_dm_queue_first(struct xfs_dm_session *s, const struct xfs_dm_worker *worker)
{
	unsigned int		looked = 0;
	struct xfs_dm_msg	*m;

	lockdep_assert_held(&s->s_lock);
	list_for_each_entry(m, &s->s_queued, m_list) {
		if (xfs_dm_msg_is_for(m, worker))
			return m;
		if (++looked == XFS_DM_WORKER_LOOK)
			break;
	}
	return NULL;
}

/**
 * xfs_dm_token_get() - find a message by its token
 * @token: the token, positive
 *
 * Return: the message, to be dropped with xfs_dm_msg_put(), whoever has to
 * answer it, if at all; NULL if there is none.
 */
struct xfs_dm_msg *
xfs_dm_token_get(__s32 token)
{
	struct xfs_dm_msg	*m;

	xa_lock(&xfs_dm_tokens);
	m = xa_load(&xfs_dm_tokens, token);
	if (m)
		refcount_inc(&m->m_ref);
	xa_unlock(&xfs_dm_tokens);
	return m;
}

/**
 * xfs_dm_token_check() - is a token outstanding in a session?
 * @call: a call with a session
 * @token: the token, as the caller gave it
 *
 * Return: 0, or if there is none to check, DMAPI_NO_TOKEN; -EINVAL for what
 * cannot be a token; -ESRCH for one that is not outstanding in the session, or
 * none of this caller's business.
 */
int
xfs_dm_token_check(const struct xfs_dm_call *call, __s32 token)
{
	struct xfs_dm_session	*s = call->s;
	struct xfs_dm_msg	*m;
	int			error = 0;

	if (token == DMAPI_NO_TOKEN)
		return 0;
	if (token <= 0)
		return -EINVAL;
	m = xfs_dm_token_get(token);
	if (!m)
		return -ESRCH;

	spin_lock(&s->s_lock);
	if (!xfs_dm_msg_is_outstanding(s, m) ||
	    !xfs_dm_msg_is_for(m, call->worker))
		error = -ESRCH;
	spin_unlock(&s->s_lock);
	xfs_dm_msg_put(m);
	return error;
}

void
xfs_dm_msg_exit(void)
{
	if (xfs_dm_token_kept)
		xa_release(&xfs_dm_tokens, xfs_dm_token_kept);
	/* A message has a session, or a generator in a mounted file system. */
	WARN_ON(!xa_empty(&xfs_dm_tokens));
	xa_destroy(&xfs_dm_tokens);
}
