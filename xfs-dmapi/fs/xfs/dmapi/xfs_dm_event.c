// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: the one place where an operation waits
 *
 * A message is made and goes to the session that has the disposition.  Without
 * one, policy says whether the operation waits until there is, fails, or goes
 * on.  Then it waits for the answer (see xfs_dm_wait.c for how).
 *
 * If the session ends, with a descriptor that it belonged to, the message comes
 * back, and the operation is where it was when it looked for a session at first.
 *
 * It waits on up to two queues at a time.  One is its message's, or that of a
 * session without room; the other, always, is the file system's, which tells
 * that a disposition or a policy changed, or that all is over.
 *
 * An asynchronous message is made before the operation that it tells of, and room
 * for it is kept in a queue, so that it can be sent under any lock.  Whoever finds
 * no room waits like the others; only what cannot wait at all loses its message,
 * and is counted.
 *
 * Of the events that ask for space there is one at a time on a file system.
 * Whoever needs space, too, joins, and gets the same answer.
 */
#include "xfs_dm_compat.h"

#include "xfs_dm_session.h"

/* What a data event carries. */
struct xfs_dm_data_payload {
	struct dmapi_data_event	p_event;
	__u8			p_handle[DMAPI_HANDLE_LEN];
};

static_assert(sizeof(struct xfs_dm_data_payload) ==
	      sizeof(struct dmapi_data_event) + DMAPI_HANDLE_LEN);

/* The policy that an event falls under. */
static enum xfs_dm_policy
xfs_dm_policy(struct xfs_dm_fs *fs, int event)
{
	enum xfs_dm_class	class = XFS_DM_CLASS_ASYNC;

	switch (event) {
	case DMAPI_EVENT_READ:
	case DMAPI_EVENT_WRITE:
	case DMAPI_EVENT_TRUNCATE:
		class = XFS_DM_CLASS_DATA;
		break;
	case DMAPI_EVENT_CREATE:
	case DMAPI_EVENT_REMOVE:
	case DMAPI_EVENT_RENAME:
	case DMAPI_EVENT_LINK:
	case DMAPI_EVENT_SYMLINK:
	case DMAPI_EVENT_DEBUT:
		class = XFS_DM_CLASS_NAMESPACE;
		break;
	}
	return READ_ONCE(fs->fs_policy[class]);
}

/*
 * Wait for a session to want the event, if that is the policy.  Nobody waits
 * for space that nobody cares for, and no unmount for a session that is not
 * there.
 */
static int
xfs_dm_wait_session(struct xfs_dm_waiter *w, bool *go_on)
{
	const struct xfs_dm_about *a = w->w_about;
	struct xfs_dm_fs	*fs = w->w_fs;

	if (a->a_event == DMAPI_EVENT_NOSPACE)
		return -ENOSPC;
	if (a->a_event == DMAPI_EVENT_PREUNMOUNT) {
		*go_on = true;
		return 0;
	}
	switch (xfs_dm_policy(fs, a->a_event)) {
	case XFS_DM_POLICY_CONTINUE:
		if (a->a_offline)
			return -EIO;
		*go_on = true;
		return 0;
	case XFS_DM_POLICY_BLOCK:
		break;
	default:
		return -EIO;
	}

	if (wait_event_state(fs->fs_wait,
			     READ_ONCE(fs->fs_disp[a->a_event]) ||
			     xfs_dm_policy(fs, a->a_event) != XFS_DM_POLICY_BLOCK ||
			     xfs_dm_is_over(w),
			     xfs_dm_wait_state(w)))
		return xfs_dm_wait_error();
	return 0;
}

/*
 * Wait for room in the queue of @s, for as long as it has the disposition.
 * Waiters are woken one for one message that left.  Whoever was woken and does
 * not use the room wakes the next.
 */
static int
xfs_dm_wait_room(struct xfs_dm_waiter *w, struct xfs_dm_session *s)
{
	struct xfs_dm_fs	*fs = w->w_fs;
	int			event = w->w_about->a_event;
	int			error;

	might_sleep();
	WRITE_ONCE(w->w_no_room, true);
	error = ___wait_event(s->s_room,
			      !xfs_dm_is_full(fs, s) ||
			      READ_ONCE(fs->fs_disp[event]) != s ||
			      xfs_dm_is_over(w),
			      xfs_dm_wait_state(w), 1, 0, schedule());
	WRITE_ONCE(w->w_no_room, false);
	if (error)
		error = xfs_dm_wait_error();
	if (error || READ_ONCE(fs->fs_disp[event]) != s ||
	    xfs_dm_is_over(w))
		wake_up(&s->s_room);
	return error;
}

/* Queue the message with the session that wants it, once there is one. */
static int
xfs_dm_event_queue(struct xfs_dm_waiter *w, bool *go_on)
{
	struct xfs_dm_session	*s;
	int			error;

	for (;;) {
		if (xfs_dm_is_over(w))
			return -EIO;

		s = xfs_dm_disp_get(w->w_fs, w->w_about->a_event);
		if (!s) {
			error = xfs_dm_wait_session(w, go_on);
			if (error || *go_on)
				return error;
			continue;
		}

		error = xfs_dm_msg_queue(s, w->w_msg,
					 READ_ONCE(w->w_fs->fs_max_queued));
		if (!error) {
			xfs_dm_session_put(s);
			return 0;
		}
		/* Full, or destroyed this moment: wait, and look again. */
		if (error == -ENOSPC)
			error = xfs_dm_wait_room(w, s);
		else
			error = 0;
		xfs_dm_session_put(s);
		if (error)
			return error;
	}
}

/*
 * Wait for the answer to a message that was queued.  Who must not be delayed
 * leaves when the application says that it will take its time.  1: the message
 * was returned.
 */
static int
xfs_dm_wait_answer(struct xfs_dm_waiter *w)
{
	struct xfs_dm_msg	*m = w->w_msg;
	bool			nodelay = w->w_about->a_nodelay;
	int			error;

	error = wait_event_state(m->m_wait,
				 xfs_dm_msg_is_answered(m) ||
				 (nodelay && READ_ONCE(m->m_pending)) ||
				 xfs_dm_msg_is_returned(m) ||
				 xfs_dm_is_over(w),
				 xfs_dm_wait_state(w));
	if (xfs_dm_msg_is_answered(m))
		return m->m_error;
	if (error)
		return xfs_dm_wait_error();
	if (xfs_dm_is_over(w))
		return -EIO;
	return xfs_dm_msg_is_returned(m) ? 1 : -EAGAIN;
}

/* Tell whoever has the message that nobody waits for the answer any more. */
void
xfs_dm_event_cancel(const struct xfs_dm_waiter *w)
{
	struct xfs_dm_fs	*fs = w->w_fs;
	struct xfs_dm_session	*s = xfs_dm_msg_holder(w->w_msg);
	struct dmapi_cancel_event *p;
	struct xfs_dm_msg	*m;

	if (!(READ_ONCE(fs->fs_events) & XFS_DM_EVENT(CANCEL)) &&
	    !w->w_about->a_cancel &&
	    READ_ONCE(fs->fs_disp[DMAPI_EVENT_CANCEL]) != s)
		goto out;
	m = xfs_dm_note_alloc(DMAPI_EVENT_CANCEL, sizeof(*p),
			      GFP_KERNEL_ACCOUNT);
	if (!m) {
		xfs_dm_note_lost(fs);
		goto out;
	}
	p = (void *)m->m_payload;
	p->sequence = w->w_msg->m_msg.sequence;
	p->token = w->w_msg->m_msg.token;
	m->m_fsid = w->w_msg->m_fsid;
	/* There is one for a message at most: no limit is needed. */
	if (xfs_dm_note_reserve(s, UINT_MAX) || xfs_dm_note_queue(s, m))
		xfs_dm_msg_put(m);
out:
	xfs_dm_session_put(s);
}

/**
 * xfs_dm_event_raise() - send a message and wait for the answer
 * @fs: the file system
 * @a: what it is about
 * @m: the message, which this consumes
 * @answered: result: was it an answer that made the errno?
 *
 * Return: as xfs_dm_event_data().
 */
int
xfs_dm_event_raise(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		   struct xfs_dm_msg *m, bool *answered)
{
	DECLARE_WAITQUEUE(wait, current);
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a, .w_msg = m };
	struct xfs_dm_msg	*again;
	bool			go_on = false;
	int			error, left;

	m->m_fsid = fs->fs_id;
	xfs_dm_waiter_add(&w);
	add_wait_queue(&fs->fs_wait, &wait);

	for (;;) {
		error = xfs_dm_event_queue(&w, &go_on);
		if (!error && !go_on) {
			atomic64_inc(&fs->fs_nevents);
			error = xfs_dm_wait_answer(&w);
		}
		if (error <= 0)
			break;
		error = -ENOMEM;
		again = xfs_dm_msg_again(m);
		if (!again)
			break;
		xfs_dm_waiter_change(&w, again);
		xfs_dm_msg_put(m);
		m = again;
	}

	remove_wait_queue(&fs->fs_wait, &wait);
	/* At any time one of them is in the list. */
	if (error == -EAGAIN && !xfs_dm_msg_is_answered(m))
		xfs_dm_wait_pend(&w);
	xfs_dm_waiter_del(&w);

	/* An answer that came in the last moment counts. */
	left = xfs_dm_msg_abandon(m);
	*answered = left > 0;
	if (*answered)
		error = m->m_error;
	else if (left < 0 && error != -EAGAIN)
		xfs_dm_event_cancel(&w);
	xfs_dm_msg_put(m);
	return error;
}

int
xfs_dm_event_data(struct xfs_dm_fs *fs, const struct xfs_dm_about *a)
{
	struct xfs_dm_data_payload *p;
	struct xfs_dm_msg	*m;
	bool			answered;

	if (a->a_nodelay && xfs_dm_wait_is_known(fs, a))
		return -EAGAIN;

	m = xfs_dm_msg_alloc(a->a_event, sizeof(*p));
	if (!m)
		return -ENOMEM;
	p = (void *)m->m_payload;
	p->p_event.handle.offset = offsetof(typeof(*p), p_handle);
	p->p_event.handle.length = DMAPI_HANDLE_LEN;
	p->p_event.offset = a->a_off;
	p->p_event.length = a->a_len;
	memcpy(p->p_handle, a->a_handle, DMAPI_HANDLE_LEN);
	return xfs_dm_event_raise(fs, a, m, &answered);
}

int
xfs_dm_event_namesp(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		    const void *payload, unsigned int len)
{
	struct xfs_dm_msg	*m;
	bool			answered;

	m = xfs_dm_msg_alloc(a->a_event, len);
	if (!m)
		return -ENOMEM;
	memcpy(m->m_payload, payload, len);
	return xfs_dm_event_raise(fs, a, m, &answered);
}

int
xfs_dm_event_room(struct xfs_dm_fs *fs, const struct xfs_dm_about *a)
{
	DECLARE_WAITQUEUE(wait, current);
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a };
	struct xfs_dm_session	*s;
	bool			go_on = false;
	int			error;

	xfs_dm_waiter_add(&w);
	add_wait_queue(&fs->fs_wait, &wait);
	for (;;) {
		error = -EIO;
		if (xfs_dm_is_over(&w))
			break;
		s = xfs_dm_disp_get(fs, a->a_event);
		if (!s) {
			error = xfs_dm_wait_session(&w, &go_on);
			if (error || go_on)
				break;
			continue;
		}
		error = 0;
		if (!xfs_dm_is_full(fs, s)) {
			/* Perhaps this one does not use the room. */
			wake_up(&s->s_room);
			xfs_dm_session_put(s);
			break;
		}
		error = xfs_dm_wait_room(&w, s);
		xfs_dm_session_put(s);
		if (error)
			break;
	}
	remove_wait_queue(&fs->fs_wait, &wait);
	xfs_dm_waiter_del(&w);
	return error;
}

int
xfs_dm_event_join(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		  bool (*done)(void *data), void *data)
{
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a };
	int			error;

	xfs_dm_waiter_add(&w);
	error = wait_event_state(fs->fs_wait, done(data) || xfs_dm_is_over(&w),
				 xfs_dm_wait_state(&w));
	xfs_dm_waiter_del(&w);
	if (error)
		return xfs_dm_wait_error();
	return xfs_dm_is_over(&w) ? -EIO : 0;
}

void
xfs_dm_note_lost(struct xfs_dm_fs *fs)
{
	atomic64_inc(&fs->fs_nlost);
}

int
xfs_dm_note_place(struct xfs_dm_note *note, struct xfs_dm_fs *fs, int event)
{
	struct xfs_dm_session	*s;
	int			error;

	memset(note, 0, sizeof(*note));
	do {
		s = xfs_dm_disp_get(fs, event);
		if (!s)
			return -ENOLINK;
		error = xfs_dm_note_reserve(s, READ_ONCE(fs->fs_max_queued));
		if (error)
			xfs_dm_session_put(s);
	} while (error == -EINVAL);	/* destroyed this moment */
	if (error)
		return error;
	note->n_fs = fs;
	note->n_session = s;
	return 0;
}

void
xfs_dm_note_leave(struct xfs_dm_note *note)
{
	xfs_dm_note_unreserve(note->n_session);
	xfs_dm_session_put(note->n_session);
}

int
xfs_dm_note_deliver(struct xfs_dm_note *note)
{
	struct xfs_dm_fs	*fs = note->n_fs;
	struct xfs_dm_session	*s = note->n_session;
	int			event = note->n_msg->m_msg.type;
	int			error;

	note->n_msg->m_fsid = fs->fs_id;
	/* The session was destroyed meanwhile?  Perhaps there is another one. */
	do {
		error = xfs_dm_note_queue(s, note->n_msg);
		xfs_dm_session_put(s);
		if (!error)
			break;
		s = xfs_dm_disp_get(fs, event);
		if (s && xfs_dm_note_reserve(s, UINT_MAX)) {
			xfs_dm_session_put(s);
			s = NULL;
		}
	} while (s);
	if (error)
		xfs_dm_note_lost(fs);
	else
		atomic64_inc(&fs->fs_nevents);
	return error;
}

int
xfs_dm_note_prepare(struct xfs_dm_note *note, struct xfs_dm_fs *fs, int event,
		    unsigned int len, gfp_t gfp)
{
	int			error;

	error = xfs_dm_note_place(note, fs, event);
	if (error)
		return error;
	note->n_msg = xfs_dm_note_alloc(event, len, gfp);
	if (!note->n_msg) {
		xfs_dm_note_leave(note);
		return -ENOMEM;
	}
	return 0;
}

void *
xfs_dm_note_payload(struct xfs_dm_note *note)
{
	return note->n_msg->m_payload;
}

void
xfs_dm_note_send(struct xfs_dm_note *note)
{
	if (!note->n_msg)
		return;
	if (xfs_dm_note_deliver(note))
		xfs_dm_msg_put(note->n_msg);
	note->n_msg = NULL;
}

void
xfs_dm_note_drop(struct xfs_dm_note *note)
{
	if (!note->n_msg)
		return;
	xfs_dm_msg_put(note->n_msg);
	xfs_dm_note_leave(note);
	note->n_msg = NULL;
}

static int
xfs_dm_event_space_raise(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
			 bool *answered)
{
	struct xfs_dm_msg	*m;

	m = xfs_dm_msg_alloc(a->a_event, sizeof(struct xfs_dm_fs_payload));
	if (!m)
		return -ENOSPC;
	xfs_dm_fs_payload_fill((void *)m->m_payload, fs, a->a_handle);
	return xfs_dm_event_raise(fs, a, m, answered);
}

/*
 * Somebody else asks for space.  Returns 1 with his answer in @answer, 0 if he
 * went away without one, or an errno.
 */
static int
xfs_dm_event_space_join(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
			unsigned int answers, int *answer)
{
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a };
	int			error;

	xfs_dm_waiter_add(&w);
	error = wait_event_state(fs->fs_wait,
				 !READ_ONCE(fs->fs_space_asked) ||
				 READ_ONCE(fs->fs_space_answers) != answers ||
				 xfs_dm_is_over(&w),
				 xfs_dm_wait_state(&w));
	xfs_dm_waiter_del(&w);

	spin_lock(&fs->fs_space_lock);
	*answer = fs->fs_space_answer;
	if (fs->fs_space_answers != answers)
		error = 1;
	else if (error)
		error = xfs_dm_wait_error();
	else if (xfs_dm_is_over(&w))
		error = -EIO;
	spin_unlock(&fs->fs_space_lock);
	return error;
}

int
xfs_dm_event_space(struct xfs_dm_fs *fs, const struct xfs_dm_about *a)
{
	unsigned int		answers;
	bool			asked, answered = false;
	int			error, answer;

	do {
		spin_lock(&fs->fs_space_lock);
		answers = fs->fs_space_answers;
		asked = fs->fs_space_asked;
		if (!asked)
			WRITE_ONCE(fs->fs_space_asked, true);
		spin_unlock(&fs->fs_space_lock);
		if (!asked)
			break;
		error = xfs_dm_event_space_join(fs, a, answers, &answer);
		if (error)
			return error < 0 ? error : answer;
	} while (true);

	error = xfs_dm_event_space_raise(fs, a, &answered);
	spin_lock(&fs->fs_space_lock);
	WRITE_ONCE(fs->fs_space_asked, false);
	/* If something else ended this wait, another one asks again. */
	if (answered || error == -ENOSPC) {
		fs->fs_space_answer = error;
		WRITE_ONCE(fs->fs_space_answers, answers + 1);
	}
	spin_unlock(&fs->fs_space_lock);
	wake_up_all(&fs->fs_wait);
	return error;
}

/**
 * xfs_dm_event_init() - make what sessions and events need
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_event_init(void)
{
	int			error = xfs_dm_wait_init();

	if (!error) {
		error = xfs_dm_session_list_init();
		if (error)
			xfs_dm_wait_exit();
	}
	/* @xfs-dm-rights { */
	if (!error) {
		error = xfs_dm_right_init();
		if (error) {
			xfs_dm_session_list_exit();
			xfs_dm_wait_exit();
		}
	}
	/* } @xfs-dm-rights */
	return error;
}

/**
 * xfs_dm_event_exit() - drop what xfs_dm_event_init() made
 *
 * Nothing is mounted and no session lives.
 */
void
xfs_dm_event_exit(void)
{
	xfs_dm_right_exit();	/* @xfs-dm-rights */
	xfs_dm_session_list_exit();
	xfs_dm_wait_exit();
	xfs_dm_session_exit();
	xfs_dm_msg_exit();
}
