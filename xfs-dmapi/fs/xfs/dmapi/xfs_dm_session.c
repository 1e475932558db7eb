// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions
 *
 * A session outlives the process that made it: it ends when somebody destroys
 * it, and its successor after a crash finds it by its info string and assumes
 * it.  Assumption changes nothing but the name.  In one step the session gets
 * a new id, the old one stops being valid for everybody, and whoever waits
 * under the old one is sent away.  Messages that were being copied to the
 * predecessor go back into the queue in that same step, so that the successor
 * finds each of them either unread or among the tokens.
 *
 * An id is reserved, and told to the caller, before it means anything.  If it
 * cannot be told, nothing has happened yet.
 *
 * Every live session pins the module.  Its memory may live longer, in the hands
 * of calls, messages and descriptors, which have pins of their own.
 *
 * A session can also be held as a descriptor (xfs_dm_descriptor.c), and end with
 * it.  Destruction wants it to be empty; such an end does not, and gives what is
 * in it back to those who wait.
 */
#include "xfs_dm_compat.h"

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/* Messages that are returned in one go. */
#define XFS_DM_RETURN		64

/* Id to session, ids that are only reserved to nothing. */
static DEFINE_XARRAY_FLAGS(xfs_dm_sessions, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
static u32		xfs_dm_session_next = 1;
static atomic_t		xfs_dm_nsessions = ATOMIC_INIT(0);

/**
 * xfs_dm_session_get() - find a session by its id
 * @sid: the id, as a caller gave it
 *
 * Return: the session, to be dropped with xfs_dm_session_put(), or
 * ERR_PTR(-EINVAL).
 */
struct xfs_dm_session *
xfs_dm_session_get(__s32 sid)
{
	struct xfs_dm_session	*s;

	if (sid <= 0)
		return ERR_PTR(-EINVAL);

	xa_lock(&xfs_dm_sessions);
	s = xa_load(&xfs_dm_sessions, sid);
	if (s)
		xfs_dm_session_hold(s);
	xa_unlock(&xfs_dm_sessions);
	return s ? s : ERR_PTR(-EINVAL);
}

/**
 * xfs_dm_session_put() - drop a reference to a session
 * @s: the session
 */
void
xfs_dm_session_put(struct xfs_dm_session *s)
{
	if (!refcount_dec_and_test(&s->s_ref))
		return;
	kfree(s->s_info);
	kfree_rcu(s, s_rcu);
}

/* A session that has no id, and that nobody knows. */
static struct xfs_dm_session *
xfs_dm_session_alloc(void)
{
	struct xfs_dm_session	*s;

	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	if (atomic_inc_return(&xfs_dm_nsessions) > XFS_DM_MAX_SESSIONS)
		goto fail;
	s = kzalloc_obj(*s, GFP_KERNEL_ACCOUNT);
	if (!s)
		goto fail;

	refcount_set(&s->s_ref, 1);
	spin_lock_init(&s->s_lock);
	INIT_LIST_HEAD(&s->s_queued);
	INIT_LIST_HEAD(&s->s_inflight);
	INIT_LIST_HEAD(&s->s_delivered);
	init_waitqueue_head(&s->s_wait);
	init_waitqueue_head(&s->s_poll);
	init_waitqueue_head(&s->s_room);
	s->s_created = ktime_get_boottime_ns();
	return s;

fail:
	atomic_dec(&xfs_dm_nsessions);
	module_put(THIS_MODULE);
	return ERR_PTR(-ENOMEM);
}

/*
 * The session is not, or never was, in the table: drop the table's reference
 * and what a live session holds.  The caller's call pins the module.
 */
static void
xfs_dm_session_end(struct xfs_dm_session *s)
{
	atomic_dec(&xfs_dm_nsessions);
	xfs_dm_session_put(s);
	module_put(THIS_MODULE);
}

/*
 * From here on @s is called @sid, which is reserved, and no longer @oldsid;
 * 0 is what a session without a name has.  @info becomes the session's, and
 * the string it had comes back in its place.
 */
static int
xfs_dm_session_rename(struct xfs_dm_session *s, __s32 oldsid, __s32 sid,
		      char **info)
{
	char			comm[TASK_COMM_LEN];
	LIST_HEAD(gone);

	get_task_comm(comm, current->group_leader);
	xa_lock(&xfs_dm_sessions);
	spin_lock(&s->s_lock);
	if (s->s_id != oldsid) {
		/* Somebody else assumed or destroyed it first. */
		spin_unlock(&s->s_lock);
		xa_unlock(&xfs_dm_sessions);
		return -EINVAL;
	}
	if (oldsid)
		__xa_erase(&xfs_dm_sessions, oldsid);
	/* The slot is there, since the id is reserved: nothing is allocated. */
	WARN_ON_ONCE(xa_is_err(__xa_store(&xfs_dm_sessions, sid, s, 0)));
	WRITE_ONCE(s->s_id, sid);
	swap(s->s_info, *info);
	s->s_tgid = task_tgid_nr(current);
	memcpy(s->s_comm, comm, sizeof(comm));
	if (oldsid)
		s->s_assumed = ktime_get_boottime_ns();
	/* The successor may save it from a descriptor that goes. */
	s->s_bound = false;
	xfs_dm_queue_assumed(s, &gone);
	spin_unlock(&s->s_lock);
	xa_unlock(&xfs_dm_sessions);

	wake_up_all(&s->s_wait);
	wake_up_all(&s->s_poll);
	if (!list_empty(&gone))
		wake_up_all(&s->s_room);
	xfs_dm_queue_retire(&gone);
	return 0;
}

/* DMAPI_CREATE_SESSION: make a session, or assume one */
static long
xfs_dm_create_session(struct xfs_dm_call *call)
{
	const struct dmapi_create_session *arg = (void *)call->arg.bytes;
	const __s32		oldsid = arg->oldsid;
	struct xfs_dm_session	*s;
	char			*info;
	u32			sid;
	int			error;

	if (arg->pad)
		return -EINVAL;

	if (oldsid != DMAPI_NO_SESSION)
		s = xfs_dm_session_get(oldsid);
	else
		s = xfs_dm_session_alloc();
	if (IS_ERR(s))
		return PTR_ERR(s);

	info = strndup_user(u64_to_user_ptr(arg->info),
			    DMAPI_SESSION_INFO_LEN);
	if (IS_ERR(info)) {
		error = PTR_ERR(info);
		/* What strndup_user() calls a string that is too long. */
		if (error == -EINVAL)
			error = -E2BIG;
		info = NULL;
		goto out;
	}

	error = xa_alloc_cyclic(&xfs_dm_sessions, &sid, NULL,
				XA_LIMIT(1, S32_MAX), &xfs_dm_session_next,
				GFP_KERNEL);
	if (error < 0) {
		error = -ENOMEM;
		goto out;
	}

	error = xfs_dm_put_u32(arg->newsidp, sid);
	if (!error)
		error = xfs_dm_session_rename(s, oldsid, sid, &info);
	if (error)
		xa_release(&xfs_dm_sessions, sid);
out:
	if (oldsid != DMAPI_NO_SESSION)
		xfs_dm_session_put(s);
	else if (error)
		xfs_dm_session_end(s);
	kfree(info);
	return error;
}

/*
 * DMAPI_DESTROY_SESSION
 *
 * With the disposition lock held no generator can find the session, and one
 * that has found it already meets s_id under s_lock.  So there is nothing
 * between the test and the removal that could add a message.
 */
static long
xfs_dm_destroy_session(struct xfs_dm_call *call)
{
	const struct dmapi_session *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	int			error = 0;

	if (arg->flags)
		return -EINVAL;

	spin_lock(&xfs_dm_disp_lock);
	xa_lock(&xfs_dm_sessions);
	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, arg->sid)) {
		error = -EINVAL;
	} else if (s->s_nqueued || s->s_ndelivered || s->s_getters) {
		error = -EBUSY;
	} else {
		__xa_erase(&xfs_dm_sessions, arg->sid);
		WRITE_ONCE(s->s_id, 0);
		xfs_dm_disp_forget(s);
	}
	spin_unlock(&s->s_lock);
	xa_unlock(&xfs_dm_sessions);
	spin_unlock(&xfs_dm_disp_lock);
	if (error)
		return error;

	wake_up_all(&s->s_room);
	wake_up_all(&s->s_poll);
	xfs_dm_session_end(s);
	return 0;
}

/* The next message of a session that has ended, and that is to be returned. */
static struct xfs_dm_msg *
xfs_dm_queue_pop(struct xfs_dm_session *s)
{
	struct xfs_dm_msg	*m;

	m = list_first_entry_or_null(&s->s_queued, struct xfs_dm_msg, m_list);
	if (m) {
		s->s_nqueued--;
		return m;
	}
	m = list_first_entry_or_null(&s->s_delivered, struct xfs_dm_msg,
				     m_list);
	if (m)
		s->s_ndelivered--;
	return m;
}

/*
 * A session has ended, and nothing comes into it any more.  Whoever waits for an
 * answer is told to ask somebody else; what nobody waits for is dropped.  Until
 * it is his message's turn he is as he was: he waits, and can be killed.
 */
static void
xfs_dm_queue_return(struct xfs_dm_session *s)
{
	struct xfs_dm_msg	*m;
	LIST_HEAD(gone);
	unsigned int		n;

	do {
		spin_lock(&s->s_lock);
		for (n = 0; n < XFS_DM_RETURN; n++) {
			m = xfs_dm_queue_pop(s);
			if (!m)
				break;
			list_move_tail(&m->m_list, &gone);
			WRITE_ONCE(m->m_state, m->m_orphan ?
						XFS_DM_MSG_GONE :
						XFS_DM_MSG_RETURNED);
		}
		spin_unlock(&s->s_lock);

		list_for_each_entry(m, &gone, m_list) {
			xfs_dm_right_forget(m);	/* @xfs-dm-rights */
			wake_up(&m->m_wait);
		}
		xfs_dm_queue_retire(&gone);
		cond_resched();
	} while (n == XFS_DM_RETURN);
}

/**
 * xfs_dm_session_end_bound() - end a session, whatever is in it
 * @s: the session, referenced by the caller
 * @sid: the id that it has to have, else nothing happens
 *
 * It loses its name, its dispositions and its registration in one step.  From
 * then on nothing comes into it, and what is there is given back: messages that
 * are being copied out as if the copy had failed, then all of them.  Called with
 * nothing held.
 */
void
xfs_dm_session_end_bound(struct xfs_dm_session *s, __s32 sid)
{
	bool			ends;
	LIST_HEAD(gone);

	spin_lock(&xfs_dm_disp_lock);
	xa_lock(&xfs_dm_sessions);
	spin_lock(&s->s_lock);
	ends = xfs_dm_session_is(s, sid);
	if (ends) {
		__xa_erase(&xfs_dm_sessions, sid);
		WRITE_ONCE(s->s_id, 0);
		xfs_dm_disp_forget(s);
		xfs_dm_queue_assumed(s, &gone);
	}
	spin_unlock(&s->s_lock);
	xa_unlock(&xfs_dm_sessions);
	spin_unlock(&xfs_dm_disp_lock);
	if (!ends)
		return;

	wake_up_all(&s->s_wait);
	wake_up_all(&s->s_poll);
	wake_up_all(&s->s_room);
	xfs_dm_queue_retire(&gone);
	xfs_dm_queue_return(s);
	xfs_dm_session_end(s);
}

/**
 * xfs_dm_session_find() - one session after the other
 * @sid: where to begin; result: the id under which it was found
 *
 * Return: the session with that id or the next higher one, to be dropped with
 * xfs_dm_session_put(); NULL if there is none.
 */
struct xfs_dm_session *
xfs_dm_session_find(unsigned long *sid)
{
	struct xfs_dm_session	*s;

	xa_lock(&xfs_dm_sessions);
	s = xa_find(&xfs_dm_sessions, sid, S32_MAX, XA_PRESENT);
	if (s)
		xfs_dm_session_hold(s);
	xa_unlock(&xfs_dm_sessions);
	return s;
}

/* DMAPI_GETALL_SESSIONS: the ids of all, ascending */
static long
xfs_dm_getall_sessions(struct xfs_dm_call *call)
{
	const struct dmapi_getall_ids *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s;
	unsigned long		index;
	unsigned int		n = 0;
	__s32			*ids;
	int			error = 0;

	if (arg->sid)
		return -EINVAL;

	ids = kmalloc_objs(*ids, XFS_DM_MAX_SESSIONS, GFP_KERNEL_ACCOUNT);
	if (!ids)
		return -ENOMEM;

	xa_lock(&xfs_dm_sessions);
	xa_for_each(&xfs_dm_sessions, index, s) {
		if (WARN_ON_ONCE(n >= XFS_DM_MAX_SESSIONS))
			break;
		ids[n++] = index;
	}
	xa_unlock(&xfs_dm_sessions);

	if (n > arg->nelem)
		error = -E2BIG;
	else if (n && copy_to_user(u64_to_user_ptr(arg->bufp), ids,
				   n * sizeof(*ids)))
		error = -EFAULT;
	kfree(ids);
	if (error != -EFAULT && xfs_dm_put_u32(arg->nelemp, n))
		error = -EFAULT;
	return error;
}

/**
 * xfs_dm_session_mounters() - the sessions that registered for MOUNT
 * @listp: result, for kvfree(): ascending by id, each referenced
 *
 * Return: how many; -ENOMEM.
 */
int
xfs_dm_session_mounters(struct xfs_dm_session ***listp)
{
	struct xfs_dm_session	**list = NULL;
	struct xfs_dm_session	*s;
	unsigned long		index;
	unsigned int		room = 0;
	unsigned int		n;

	/* What was counted may have grown when there is memory for it. */
	for (;;) {
		n = 0;
		spin_lock(&xfs_dm_disp_lock);
		xa_lock(&xfs_dm_sessions);
		xa_for_each(&xfs_dm_sessions, index, s)
			n += s->s_mount;
		if (n <= room)
			break;
		xa_unlock(&xfs_dm_sessions);
		spin_unlock(&xfs_dm_disp_lock);

		kvfree(list);
		room = n;
		list = kvmalloc_objs(*list, room, GFP_KERNEL);
		if (!list)
			return -ENOMEM;
	}
	n = 0;
	xa_for_each(&xfs_dm_sessions, index, s) {
		if (s->s_mount) {
			xfs_dm_session_hold(s);
			list[n++] = s;
		}
	}
	xa_unlock(&xfs_dm_sessions);
	spin_unlock(&xfs_dm_disp_lock);
	*listp = list;
	return n;
}

/* DMAPI_QUERY_SESSION: the info string */
static long
xfs_dm_query_session(struct xfs_dm_call *call)
{
	const struct dmapi_getall *arg = (void *)call->arg.bytes;
	struct xfs_dm_session	*s = call->s;
	char			info[DMAPI_SESSION_INFO_LEN];
	ssize_t			len = -EINVAL;
	int			error = 0;

	if (arg->pad)
		return -EINVAL;

	spin_lock(&s->s_lock);
	if (xfs_dm_session_is(s, arg->sid))
		len = strscpy(info, s->s_info);
	spin_unlock(&s->s_lock);
	if (len < 0)
		return -EINVAL;

	len++;
	if (len > arg->buflen)
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->bufp), info, len))
		return -EFAULT;
	if (xfs_dm_put_u64(arg->rlenp, len))
		return -EFAULT;
	return error;
}

void
xfs_dm_session_exit(void)
{
	/* Live sessions pin the module. */
	WARN_ON(!xa_empty(&xfs_dm_sessions));
	xa_destroy(&xfs_dm_sessions);
}

const struct xfs_dm_op xfs_dm_session_ops[] = {
	{
		.number	= DMAPI_CREATE_SESSION,
		.size	= sizeof(struct dmapi_create_session),
		.call	= xfs_dm_create_session,
	},
	{
		.number	= DMAPI_DESTROY_SESSION,
		.size	= sizeof(struct dmapi_session),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_destroy_session,
	},
	{
		.number	= DMAPI_GETALL_SESSIONS,
		.size	= sizeof(struct dmapi_getall_ids),
		.call	= xfs_dm_getall_sessions,
	},
	{
		.number	= DMAPI_QUERY_SESSION,
		.size	= sizeof(struct dmapi_getall),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_query_session,
	},
	{ }
};
