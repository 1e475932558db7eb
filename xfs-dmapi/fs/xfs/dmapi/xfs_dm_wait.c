// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiters: who waits, for what, and how
 *
 * While an operation waits it
 *
 *	holds nothing, which is asserted,
 *	can be killed, and if policy says so interrupted,
 *	can be frozen, is no load, and no hung task,
 *	ends when the file system dies,
 *	is listed in /proc/fs/xfs/dmapi_waiters.
 *
 * An operation that must not be delayed (O_NONBLOCK) does not wait for what
 * somebody waits for already, nor for what the application has said will take
 * its time.  The latter has no waiter, so it is kept in a list of its own until
 * it is answered.
 */
#include "xfs_dm_compat.h"

#include <linux/dmapi_scope.h>
#include <linux/freezer.h>
#include <linux/lockdep.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "xfs_dm_session.h"

static LIST_HEAD(xfs_dm_waiters);
static DEFINE_SPINLOCK(xfs_dm_waiters_lock);

/*
 * The list of waiters.  Entries are on the stacks of those who wait, or kept
 * for those who would not, and every entry's message is referenced for as long
 * as it is in the list.
 */
static const char *const xfs_dm_event_names[DMAPI_EVENT_MAX + 1] = {
	[DMAPI_EVENT_CANCEL]	= "CANCEL",
	[DMAPI_EVENT_MOUNT]	= "MOUNT",
	[DMAPI_EVENT_PREUNMOUNT] = "PREUNMOUNT",
	[DMAPI_EVENT_UNMOUNT]	= "UNMOUNT",
	[DMAPI_EVENT_DEBUT]	= "DEBUT",
	[DMAPI_EVENT_CREATE]	= "CREATE",
	[DMAPI_EVENT_CLOSE]	= "CLOSE",
	[DMAPI_EVENT_POSTCREATE] = "POSTCREATE",
	[DMAPI_EVENT_REMOVE]	= "REMOVE",
	[DMAPI_EVENT_POSTREMOVE] = "POSTREMOVE",
	[DMAPI_EVENT_RENAME]	= "RENAME",
	[DMAPI_EVENT_POSTRENAME] = "POSTRENAME",
	[DMAPI_EVENT_LINK]	= "LINK",
	[DMAPI_EVENT_POSTLINK]	= "POSTLINK",
	[DMAPI_EVENT_SYMLINK]	= "SYMLINK",
	[DMAPI_EVENT_POSTSYMLINK] = "POSTSYMLINK",
	[DMAPI_EVENT_READ]	= "READ",
	[DMAPI_EVENT_WRITE]	= "WRITE",
	[DMAPI_EVENT_TRUNCATE]	= "TRUNCATE",
	[DMAPI_EVENT_ATTRIBUTE]	= "ATTRIBUTE",
	[DMAPI_EVENT_DESTROY]	= "DESTROY",
	[DMAPI_EVENT_NOSPACE]	= "NOSPACE",
	[DMAPI_EVENT_USER]	= "USER",
	[DMAPI_EVENT_MAX]	= "RIGHT",	/* @xfs-dm-rights */
};

/* Nobody waits, and it was answered or is gone. */
static bool
xfs_dm_waiter_is_stale(const struct xfs_dm_waiter *w)
{
	return !w->w_task &&
	       READ_ONCE(w->w_msg->m_state) != XFS_DM_MSG_DELIVERED;
}

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
	/* @xfs-dm-rights { */
	if (w->w_about->a_right != DMAPI_RIGHT_NULL)
		return w->w_about->a_right == DMAPI_RIGHT_EXCL ? "excl" : "shared";
	/* } @xfs-dm-rights */
	if (!w->w_msg && (w->w_about->a_event == DMAPI_EVENT_NOSPACE ||
			  w->w_about->a_event == DMAPI_EVENT_DEBUT ||
			  w->w_about->a_event == DMAPI_EVENT_MOUNT))
		return "joined";
	if (!w->w_msg)
		return READ_ONCE(w->w_no_room) ? "no-room" : "no-session";
	if (!w->w_task)
		return "pending";
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
	const struct xfs_dm_about *a;
	const struct xfs_dm_session *s = NULL;
	struct pid_namespace	*ns;
	char			comm[TASK_COMM_LEN];
	__s32			sid = DMAPI_NO_SESSION;
	__u32			gen;
	__u64			ino;

	if (v == &xfs_dm_waiters) {
		seq_puts(m, "pid comm fsid ino gen event offset length since state token session\n");
		return 0;
	}

	w = list_entry(v, struct xfs_dm_waiter, w_list);
	if (xfs_dm_waiter_is_stale(w))
		return SEQ_SKIP;
	a = w->w_about;
	rcu_read_lock();
	if (w->w_msg)
		s = READ_ONCE(w->w_msg->m_session);
	if (s)
		sid = READ_ONCE(s->s_id);
	rcu_read_unlock();
	/* struct xfs_handle: file system, length, padding, these two */
	memcpy(&gen, a->a_handle + 12, sizeof(gen));
	memcpy(&ino, a->a_handle + 16, sizeof(ino));

	ns = proc_pid_ns(file_inode(m->file)->i_sb);
	if (w->w_task) {
		seq_printf(m, "%d ", task_pid_nr_ns(w->w_task, ns));
		get_task_comm(comm, w->w_task);
		seq_escape(m, comm, " \t\n\\");
	} else {
		seq_puts(m, "0 -");
	}
	seq_printf(m, " %016llx %llu %u %s %lld %llu %lld %s %d %d\n",
		   w->w_fs ? w->w_fs->fs_id : 0, ino, gen,
		   xfs_dm_event_names[a->a_event],
		   a->a_off, a->a_len, ktime_get_seconds() - w->w_since,
		   xfs_dm_waiter_state(w),
		   w->w_msg ? w->w_msg->m_msg.token : DMAPI_INVALID_TOKEN, sid);
	return 0;
}

static const struct seq_operations xfs_dm_waiters_ops = {
	.start	= xfs_dm_waiters_start,
	.next	= xfs_dm_waiters_next,
	.stop	= xfs_dm_waiters_stop,
	.show	= xfs_dm_waiters_show,
};

/**
 * xfs_dm_assert_nothing_held() - complain if a wait would hold up others
 *
 * Two locks are tolerated, since they are nobody's but the caller's: the
 * position of the descriptor that is being read, and exec's.  Lockdep knows
 * freeze protection and RCU as locks, too, and what a worker works on.
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
		if ((current->flags & PF_WQ_WORKER) &&
		    (str_has_prefix(name, "(wq_completion)") ||
		     str_has_prefix(name, "(work_completion)")))
			continue;
		WARN_ONCE(1, "dmapi: waiting with %s held, taken at %pS\n",
			  name, (void *)current->held_locks[i].acquire_ip);
		return;
	}
#endif
}

/**
 * xfs_dm_waiter_add() - a wait begins
 * @w: w_fs, w_about and w_msg are set
 */
void
xfs_dm_waiter_add(struct xfs_dm_waiter *w)
{
	might_sleep();
	xfs_dm_assert_nothing_held();

	w->w_task = current;
	w->w_since = ktime_get_seconds();
	if (w->w_fs)
		w->w_aborts = READ_ONCE(w->w_fs->fs_aborts);
	spin_lock(&xfs_dm_waiters_lock);
	list_add_tail(&w->w_list, &xfs_dm_waiters);
	spin_unlock(&xfs_dm_waiters_lock);
	if (w->w_fs)
		atomic_inc(&w->w_fs->fs_waiters);
}

/** xfs_dm_waiter_del() - a wait is over */
void
xfs_dm_waiter_del(struct xfs_dm_waiter *w)
{
	if (w->w_fs)
		atomic_dec(&w->w_fs->fs_waiters);
	spin_lock(&xfs_dm_waiters_lock);
	list_del(&w->w_list);
	spin_unlock(&xfs_dm_waiters_lock);
}

/**
 * xfs_dm_waiter_change() - a wait goes on with another message
 * @w: in the list
 * @m: the message that is in it from now on
 */
void
xfs_dm_waiter_change(struct xfs_dm_waiter *w, struct xfs_dm_msg *m)
{
	spin_lock(&xfs_dm_waiters_lock);
	w->w_msg = m;
	spin_unlock(&xfs_dm_waiters_lock);
}

/**
 * xfs_dm_wait_state() - how to sleep
 * @w: whoever does
 *
 * Evaluated again whenever the task was woken, so that a change of policy takes
 * effect.  A task in a killable sleep is never reported as hung,
 * but would be load.  The freezer is told not to mind a lock, since the two
 * that are tolerated above may be held: who waits for one of them holds up the
 * freezer in any case.
 */
unsigned int
xfs_dm_wait_state(const struct xfs_dm_waiter *w)
{
	if (w->w_fs && READ_ONCE(w->w_fs->fs_intr) && !w->w_about->a_deadly)
		return TASK_INTERRUPTIBLE | TASK_FREEZABLE_UNSAFE;
	return TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE_UNSAFE;
}

/** xfs_dm_wait_error() - the errno of a wait that a signal ended */
int
xfs_dm_wait_error(void)
{
	/* A ring's worker has no system call that could be restarted. */
	if (fatal_signal_pending(current) || (current->flags & PF_IO_WORKER))
		return -EINTR;
	return -ERESTARTSYS;
}

/**
 * struct xfs_dm_pended - an event whose generator did not want to wait
 * @p_waiter: as it was, without a task
 * @p_about: what it is about,
 * @p_handle: and which object
 */
struct xfs_dm_pended {
	struct xfs_dm_waiter	p_waiter;
	struct xfs_dm_about	p_about;
	__u8			p_handle[DMAPI_HANDLE_LEN];
};

/* Those who ask look at all of them. */
#define XFS_DM_MAX_PENDED	1024
static atomic_t xfs_dm_npended = ATOMIC_INIT(0);

/* Take out those that are gone, and all of @fs. */
static void
xfs_dm_pended_collect(struct xfs_dm_fs *fs, struct list_head *old)
{
	struct xfs_dm_waiter	*w, *n;

	lockdep_assert_held(&xfs_dm_waiters_lock);
	list_for_each_entry_safe(w, n, &xfs_dm_waiters, w_list) {
		if (!w->w_task && (w->w_fs == fs || xfs_dm_waiter_is_stale(w)))
			list_move(&w->w_list, old);
	}
}

static void
xfs_dm_pended_free(struct list_head *old)
{
	struct xfs_dm_waiter	*w, *n;

	list_for_each_entry_safe(w, n, old, w_list) {
		xfs_dm_msg_put(w->w_msg);
		atomic_dec(&xfs_dm_npended);
		kfree(container_of(w, struct xfs_dm_pended, p_waiter));
	}
}

/**
 * xfs_dm_wait_pend() - remember an event that is outstanding and has no waiter
 * @w: who waited for it until now; its message is delivered
 *
 * If there are too many or there is no memory, the next who asks raises the event
 * again.
 */
void
xfs_dm_wait_pend(const struct xfs_dm_waiter *w)
{
	struct xfs_dm_pended	*p = kzalloc_obj(*p, GFP_KERNEL_ACCOUNT);

	if (!p)
		return;
	if (atomic_inc_return(&xfs_dm_npended) > XFS_DM_MAX_PENDED) {
		atomic_dec(&xfs_dm_npended);
		kfree(p);
		return;
	}
	memcpy(p->p_handle, w->w_about->a_handle, sizeof(p->p_handle));
	p->p_about = *w->w_about;
	p->p_about.a_handle = p->p_handle;
	p->p_waiter = *w;
	p->p_waiter.w_about = &p->p_about;
	p->p_waiter.w_task = NULL;
	refcount_inc(&w->w_msg->m_ref);
	spin_lock(&xfs_dm_waiters_lock);
	list_add_tail(&p->p_waiter.w_list, &xfs_dm_waiters);
	spin_unlock(&xfs_dm_waiters_lock);
}

/**
 * xfs_dm_wait_is_known() - is somebody's event this one, or more?
 * @fs: the file system
 * @a: what an operation is about that must not be delayed
 */
bool
xfs_dm_wait_is_known(struct xfs_dm_fs *fs, const struct xfs_dm_about *a)
{
	const struct xfs_dm_about *b;
	struct xfs_dm_waiter	*w;
	bool			known = false;
	LIST_HEAD(old);

	spin_lock(&xfs_dm_waiters_lock);
	xfs_dm_pended_collect(NULL, &old);
	list_for_each_entry(w, &xfs_dm_waiters, w_list) {
		b = w->w_about;
		if (w->w_fs == fs && a->a_event == b->a_event &&
		    !memcmp(a->a_handle, b->a_handle, DMAPI_HANDLE_LEN) &&
		    dmapi_covers(b->a_off, b->a_len, a->a_off, a->a_len)) {
			known = true;
			break;
		}
	}
	spin_unlock(&xfs_dm_waiters_lock);
	xfs_dm_pended_free(&old);
	return known;
}

/**
 * xfs_dm_wait_forget() - a file system goes
 * @fs: the file system, for which nobody waits
 */
void
xfs_dm_wait_forget(struct xfs_dm_fs *fs)
{
	LIST_HEAD(old);

	spin_lock(&xfs_dm_waiters_lock);
	xfs_dm_pended_collect(fs, &old);
	spin_unlock(&xfs_dm_waiters_lock);
	xfs_dm_pended_free(&old);
}

/**
 * xfs_dm_wait_init() - make the list visible
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_wait_init(void)
{
	/* For root's eyes: it tells the names and files of others' tasks. */
	if (IS_ENABLED(CONFIG_PROC_FS) &&
	    !proc_create_seq("fs/xfs/dmapi_waiters", 0400, NULL,
			     &xfs_dm_waiters_ops))
		return -ENOMEM;
	return 0;
}

/** xfs_dm_wait_exit() - nothing is mounted any more */
void
xfs_dm_wait_exit(void)
{
	remove_proc_entry("fs/xfs/dmapi_waiters", NULL);
}
