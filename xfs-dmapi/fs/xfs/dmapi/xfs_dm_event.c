// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: the one place where an operation waits
 *
 * A message is made and goes to the session that has the disposition.  Without
 * one, policy says whether the operation waits until there is, fails, or goes
 * on.  Then it waits for the answer.  While it waits it
 *
 *	holds nothing, which is asserted,
 *	can be killed, and if policy says so interrupted,
 *	can be frozen, is no load, and no hung task,
 *	ends when the file system dies,
 *	is listed in /proc/fs/xfs/dmapi_waiters.
 *
 * It waits on up to two queues at a time.  One is its message's, or that of a
 * session without room; the other, always, is the file system's, which tells
 * that a disposition or a policy changed, or that all is over.
 */
#include "xfs_dm_compat.h"

#include <linux/freezer.h>
#include <linux/lockdep.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "xfs_dm_session.h"

/**
 * struct xfs_dm_waiter - an operation that waits, on its stack
 * @w_list: in the list of all; xfs_dm_waiters_lock
 * @w_task: who
 * @w_fs: where
 * @w_msg: for the answer to what
 * @w_since: since when, seconds of the monotonic clock
 * @w_no_room: its session's queue is full
 */
struct xfs_dm_waiter {
	struct list_head	w_list;
	struct task_struct	*w_task;
	struct xfs_dm_fs	*w_fs;
	struct xfs_dm_msg	*w_msg;
	time64_t		w_since;
	bool			w_no_room;
};

static LIST_HEAD(xfs_dm_waiters);
static DEFINE_SPINLOCK(xfs_dm_waiters_lock);

/* What a data event carries. */
struct xfs_dm_data_payload {
	struct dmapi_data_event	p_event;
	__u8			p_handle[DMAPI_HANDLE_LEN];
};

static_assert(sizeof(struct xfs_dm_data_payload) ==
	      sizeof(struct dmapi_data_event) + DMAPI_HANDLE_LEN);

/*
 * The list of waiters.  Entries are on the stacks of those who wait, and every
 * entry's message is referenced for as long as it is in the list.
 */
static const char *const xfs_dm_event_names[DMAPI_EVENT_MAX] = {
	[DMAPI_EVENT_READ]	= "READ",
	[DMAPI_EVENT_WRITE]	= "WRITE",
	[DMAPI_EVENT_TRUNCATE]	= "TRUNCATE",
};

static void *
xfs_dm_waiters_start(struct seq_file *m, loff_t *pos)
	__acquires(&xfs_dm_waiters_lock)
{
	spin_lock(&xfs_dm_waiters_lock);
	return seq_list_start_head(&xfs_dm_waiters, *pos);
}

static void *
xfs_dm_waiters_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &xfs_dm_waiters, pos);
}

static void
xfs_dm_waiters_stop(struct seq_file *m, void *v)
	__releases(&xfs_dm_waiters_lock)
{
	spin_unlock(&xfs_dm_waiters_lock);
}

static const char *
xfs_dm_waiter_state(const struct xfs_dm_waiter *w)
{
	switch (READ_ONCE(w->w_msg->m_state)) {
	case XFS_DM_MSG_NEW:
		return READ_ONCE(w->w_no_room) ? "no-room" : "no-session";
	case XFS_DM_MSG_QUEUED:
	case XFS_DM_MSG_INFLIGHT:
		return "queued";
	case XFS_DM_MSG_DELIVERED:
		return "delivered";
	default:
		return "ending";
	}
}

static int
xfs_dm_waiters_show(struct seq_file *m, void *v)
{
	const struct xfs_dm_waiter *w;
	const struct xfs_dm_data_payload *p;
	const struct xfs_dm_session *s;
	struct pid_namespace	*ns;
	char			comm[TASK_COMM_LEN];
	__u32			gen;
	__u64			ino;

	if (v == &xfs_dm_waiters) {
		seq_puts(m, "pid comm fsid ino gen event offset length since state token session\n");
		return 0;
	}

	w = list_entry(v, struct xfs_dm_waiter, w_list);
	p = (const void *)w->w_msg->m_payload;
	s = READ_ONCE(w->w_msg->m_session);
	/* struct xfs_handle: file system, length, padding, these two */
	memcpy(&gen, p->p_handle + 12, sizeof(gen));
	memcpy(&ino, p->p_handle + 16, sizeof(ino));

	ns = proc_pid_ns(file_inode(m->file)->i_sb);
	seq_printf(m, "%d ", task_pid_nr_ns(w->w_task, ns));
	get_task_comm(comm, w->w_task);
	seq_escape(m, comm, " \t\n\\");
	seq_printf(m, " %016llx %llu %u %s %lld %llu %lld %s %d %d\n",
		   w->w_fs->fs_id, ino, gen,
		   xfs_dm_event_names[w->w_msg->m_msg.type],
		   p->p_event.offset, p->p_event.length,
		   ktime_get_seconds() - w->w_since,
		   xfs_dm_waiter_state(w), w->w_msg->m_msg.token,
		   s ? READ_ONCE(s->s_id) : DMAPI_NO_SESSION);
	return 0;
}

static const struct seq_operations xfs_dm_waiters_ops = {
	.start	= xfs_dm_waiters_start,
	.next	= xfs_dm_waiters_next,
	.stop	= xfs_dm_waiters_stop,
	.show	= xfs_dm_waiters_show,
};

static void
xfs_dm_waiter_add(struct xfs_dm_waiter *w)
{
	w->w_task = current;
	w->w_since = ktime_get_seconds();
	spin_lock(&xfs_dm_waiters_lock);
	list_add_tail(&w->w_list, &xfs_dm_waiters);
	spin_unlock(&xfs_dm_waiters_lock);
	atomic_inc(&w->w_fs->fs_waiters);
}

static void
xfs_dm_waiter_del(struct xfs_dm_waiter *w)
{
	atomic_dec(&w->w_fs->fs_waiters);
	spin_lock(&xfs_dm_waiters_lock);
	list_del(&w->w_list);
	spin_unlock(&xfs_dm_waiters_lock);
}

/**
 * xfs_dm_assert_nothing_held() - complain if a wait would hold up others
 *
 * Two locks are tolerated, since they are nobody's but the caller's: the
 * position of the descriptor that is being read, and exec's.  Lockdep knows
 * freeze protection and RCU as locks, too.
 */
void
xfs_dm_assert_nothing_held(void)
{
#ifdef CONFIG_LOCKDEP
	const char		*name;
	int			i;

	for (i = 0; i < lockdep_depth(current); i++) {
		name = current->held_locks[i].instance->name;
		if (!strcmp(name, "&f->f_pos_lock") ||
		    !strcmp(name, "&sig->cred_guard_mutex") ||
		    !strcmp(name, "init_signals.cred_guard_mutex"))
			continue;
		WARN_ONCE(1, "dmapi: waiting with %s held, taken at %pS\n",
			  name, (void *)current->held_locks[i].acquire_ip);
		return;
	}
#endif
}

/*
 * How to sleep; evaluated again whenever the task was woken, so that a change
 * of policy takes effect.  A task in a killable sleep is never reported as hung,
 * but would be load.  The freezer is told not to mind a lock, since the two
 * that are tolerated above may be held: who waits for one of them holds up the
 * freezer in any case.
 */
static unsigned int
xfs_dm_wait_state(struct xfs_dm_fs *fs)
{
	if (READ_ONCE(fs->fs_intr))
		return TASK_INTERRUPTIBLE | TASK_FREEZABLE_UNSAFE;
	return TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE_UNSAFE;
}

/* The errno of a wait that a signal ended. */
static int
xfs_dm_wait_error(void)
{
	return fatal_signal_pending(current) ? -EINTR : -ERESTARTSYS;
}

static inline bool
xfs_dm_fs_is_dead(struct xfs_dm_fs *fs)
{
	return READ_ONCE(fs->fs_dead);
}

static inline bool
xfs_dm_policy_blocks(struct xfs_dm_fs *fs)
{
	return READ_ONCE(fs->fs_data_policy) == XFS_DM_POLICY_BLOCK;
}

/* Wait for a session to want the event, if that is the policy. */
static int
xfs_dm_wait_session(struct xfs_dm_waiter *w, int event, bool offline,
		    bool *go_on)
{
	struct xfs_dm_fs	*fs = w->w_fs;

	switch (READ_ONCE(fs->fs_data_policy)) {
	case XFS_DM_POLICY_CONTINUE:
		if (offline)
			return -EIO;
		*go_on = true;
		return 0;
	case XFS_DM_POLICY_BLOCK:
		break;
	default:
		return -EIO;
	}

	if (wait_event_state(fs->fs_wait,
			     READ_ONCE(fs->fs_disp[event]) ||
			     !xfs_dm_policy_blocks(fs) || xfs_dm_fs_is_dead(fs),
			     xfs_dm_wait_state(fs)))
		return xfs_dm_wait_error();
	return 0;
}

/*
 * Wait for room in the queue of @s, for as long as it has the disposition.
 * Waiters are woken one for one message that left.  Whoever was woken and does
 * not use the room wakes the next.
 */
static int
xfs_dm_wait_room(struct xfs_dm_waiter *w, struct xfs_dm_session *s, int event)
{
	struct xfs_dm_fs	*fs = w->w_fs;
	int			error;

	might_sleep();
	WRITE_ONCE(w->w_no_room, true);
	error = ___wait_event(s->s_room,
			      READ_ONCE(s->s_nqueued) < XFS_DM_MAX_QUEUED ||
			      READ_ONCE(fs->fs_disp[event]) != s ||
			      xfs_dm_fs_is_dead(fs),
			      xfs_dm_wait_state(fs), 1, 0, schedule());
	WRITE_ONCE(w->w_no_room, false);
	if (error)
		error = xfs_dm_wait_error();
	if (error || READ_ONCE(fs->fs_disp[event]) != s ||
	    xfs_dm_fs_is_dead(fs))
		wake_up(&s->s_room);
	return error;
}

/* Queue the message with the session that wants it, once there is one. */
static int
xfs_dm_event_queue(struct xfs_dm_waiter *w, int event, bool offline,
		   bool *go_on)
{
	struct xfs_dm_session	*s;
	int			error;

	for (;;) {
		if (xfs_dm_fs_is_dead(w->w_fs))
			return -EIO;

		s = xfs_dm_disp_get(w->w_fs, event);
		if (!s) {
			error = xfs_dm_wait_session(w, event, offline, go_on);
			if (error || *go_on)
				return error;
			continue;
		}

		error = xfs_dm_msg_queue(s, w->w_msg);
		if (!error) {
			xfs_dm_session_put(s);
			return 0;
		}
		/* Full, or destroyed this moment: wait, and look again. */
		if (error == -ENOSPC)
			error = xfs_dm_wait_room(w, s, event);
		else
			error = 0;
		xfs_dm_session_put(s);
		if (error)
			return error;
	}
}

/* Is there an answer, so that m_error can be read? */
static inline bool
xfs_dm_msg_is_answered(struct xfs_dm_msg *m)
{
	/* Pairs with the release in xfs_dm_respond_event(). */
	return smp_load_acquire(&m->m_state) == XFS_DM_MSG_ANSWERED;
}

/* Wait for the answer to a message that was queued. */
static int
xfs_dm_wait_answer(struct xfs_dm_waiter *w)
{
	struct xfs_dm_fs	*fs = w->w_fs;
	struct xfs_dm_msg	*m = w->w_msg;
	int			error;

	error = wait_event_state(m->m_wait,
				 xfs_dm_msg_is_answered(m) ||
				 xfs_dm_fs_is_dead(fs),
				 xfs_dm_wait_state(fs));
	if (xfs_dm_msg_is_answered(m))
		return m->m_error;
	return error ? xfs_dm_wait_error() : -EIO;
}

int
xfs_dm_event_data(struct xfs_dm_fs *fs, int event, const void *handle,
		  __s64 off, __u64 len, bool offline)
{
	DECLARE_WAITQUEUE(wait, current);
	struct xfs_dm_waiter	w = { .w_fs = fs };
	struct xfs_dm_data_payload *p;
	struct xfs_dm_msg	*m;
	bool			go_on = false;
	int			error;

	might_sleep();
	xfs_dm_assert_nothing_held();

	m = xfs_dm_msg_alloc(event, sizeof(*p));
	if (!m)
		return -ENOMEM;
	p = (void *)m->m_payload;
	p->p_event.handle.offset = offsetof(typeof(*p), p_handle);
	p->p_event.handle.length = DMAPI_HANDLE_LEN;
	p->p_event.offset = off;
	p->p_event.length = len;
	memcpy(p->p_handle, handle, DMAPI_HANDLE_LEN);

	w.w_msg = m;
	xfs_dm_waiter_add(&w);
	add_wait_queue(&fs->fs_wait, &wait);

	error = xfs_dm_event_queue(&w, event, offline, &go_on);
	if (!error && !go_on) {
		atomic64_inc(&fs->fs_nevents);
		error = xfs_dm_wait_answer(&w);
	}

	remove_wait_queue(&fs->fs_wait, &wait);
	xfs_dm_waiter_del(&w);

	/* An answer that came in the last moment counts. */
	if (xfs_dm_msg_abandon(m))
		error = m->m_error;
	xfs_dm_msg_put(m);
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
	/* For root's eyes: it tells the names and files of others' tasks. */
	if (IS_ENABLED(CONFIG_PROC_FS) &&
	    !proc_create_seq("fs/xfs/dmapi_waiters", 0400, NULL,
			     &xfs_dm_waiters_ops))
		return -ENOMEM;
	return 0;
}

/**
 * xfs_dm_event_exit() - drop what xfs_dm_event_init() made
 *
 * Nothing is mounted and no session lives.
 */
void
xfs_dm_event_exit(void)
{
	remove_proc_entry("fs/xfs/dmapi_waiters", NULL);
	xfs_dm_session_exit();
	xfs_dm_msg_exit();
}
