// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights of tokens, and calls that need one
 *
 * A call about an object needs a right on it: to look, a shared one, to change,
 * an exclusive one.  With a token it must have got that before.  Without, it
 * gets it for as long as it runs, and waits if a token is in the way.  Calls
 * without a token are not in each other's way: that is what locks are for.
 *
 * A right is granted in two steps.  First it is entered here, if nobody else's
 * excludes it; from then on calls see it.  Then ordinary operations are shown it,
 * and those under way are drained (xfs_dm_exclude.c).
 *
 * Whoever waits for a right that belongs to a token which waits, by way of
 * others, for one of his own, would wait for ever.  The circle is looked for
 * whenever a wait begins, and whenever a right is granted meanwhile, and whoever
 * finds it gets EDEADLK.
 *
 * One lock guards all of it.  It is a leaf, but for the list of waiters, and
 * nothing is done under it but to walk lists.  What a right refers to, its inode
 * and its file system, is let go after it was dropped.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"
#include "xfs_dm_right.h"
#include "xfs_dm_session.h"

#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static DEFINE_SPINLOCK(xfs_dm_rights_lock);
static LIST_HEAD(xfs_dm_rights);

/* Every right keeps an inode in memory: for the unprivileged there is an end. */
#define XFS_DM_WORKER_RIGHTS	64

/* A number for each search of a circle */
static u64 xfs_dm_walks;

/* What there is already of an inode, or NULL */
static struct xfs_dm_object *
xfs_dm_object_loaded(struct xfs_inode *ip)
{
	/* Pairs with the exchange in xfs_dm_object_of(). */
	return smp_load_acquire(&ip->i_dm_object);
}

/* The object of a call; NULL if there is no memory for it. */
static struct xfs_dm_object *
xfs_dm_object_of(struct xfs_dm_call *call)
{
	struct xfs_inode	*ip = call->ip;
	struct xfs_dm_inode_object *io;
	struct xfs_dm_object	*o, *old;

	if (!ip)
		return &call->fs->fs_object;
	o = xfs_dm_object_loaded(ip);
	if (o)
		return o;
	io = kzalloc_obj(*io, GFP_KERNEL_ACCOUNT);
	if (!io)
		return NULL;
	o = &io->io_object;
	INIT_LIST_HEAD(&o->o_rights);
	old = cmpxchg(&ip->i_dm_object, NULL, o);
	if (!old)
		return o;
	kfree(io);
	return old;
}

/* Do these two exclude each other? */
static bool
xfs_dm_levels_conflict(u32 a, u32 b)
{
	return a != DMAPI_RIGHT_NULL && b != DMAPI_RIGHT_NULL &&
	       (a == DMAPI_RIGHT_EXCL || b == DMAPI_RIGHT_EXCL);
}

/* Is another token's right in the way of @level for @m?  The next one from @pos. */
static struct xfs_dm_right *
xfs_dm_object_next(struct xfs_dm_object *o, const struct xfs_dm_msg *m,
		   u32 level, struct xfs_dm_right *pos)
{
	struct xfs_dm_right	*r;

	lockdep_assert_held(&xfs_dm_rights_lock);
	r = pos ? pos : list_entry(&o->o_rights, typeof(*r), r_same);
	list_for_each_entry_continue(r, &o->o_rights, r_same) {
		if (r->r_msg != m && xfs_dm_levels_conflict(r->r_level, level))
			return r;
	}
	return NULL;
}

/* The highest right that any token has is what ordinary operations see. */
static void
xfs_dm_object_update(struct xfs_dm_right *of)
{
	struct xfs_dm_right	*r;
	u32			level = DMAPI_RIGHT_NULL;

	lockdep_assert_held(&xfs_dm_rights_lock);
	if (!of->r_ip)
		return;
	list_for_each_entry(r, &of->r_object->o_rights, r_same)
		level = max(level, r->r_level);
	WRITE_ONCE(of->r_ip->i_dm_right, level);
}

static void
xfs_dm_right_wake(struct xfs_dm_fs *fs)
{
	if (wq_has_sleeper(&fs->fs_right_wait))
		wake_up_all(&fs->fs_right_wait);
}

/* --- Waiting ---------------------------------------------------------------- */

/**
 * xfs_dm_right_wait() - wait until rights are as somebody wants them
 * @fs: the file system
 * @a: what for; a_event DMAPI_EVENT_MAX is a manager, whom any signal wakes
 * @done: are they?  Asked again whenever one has changed
 * @data: for @done
 *
 * Nothing is held.
 *
 * Return: what @done says, if it is not 0; -ERESTARTSYS after a signal; -EIO if
 * all waits were ended.
 */
int
xfs_dm_right_wait(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		  int (*done)(void *data), void *data)
{
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a };
	DECLARE_WAITQUEUE(wait, current);
	bool			manager = a->a_event == DMAPI_EVENT_MAX;
	int			error, ret = 0;

	xfs_dm_waiter_add(&w);
	add_wait_queue(&fs->fs_wait, &wait);
	error = wait_event_state(fs->fs_right_wait,
				 (ret = done(data)) || xfs_dm_is_over(&w),
				 (manager ? TASK_INTERRUPTIBLE | TASK_FREEZABLE :
					    xfs_dm_wait_state(&w)));
	remove_wait_queue(&fs->fs_wait, &wait);
	xfs_dm_waiter_del(&w);
	if (ret)
		return ret;
	return error ? error : -EIO;
}

/* A manager's wait, listed as one for RIGHT. */
static int
xfs_dm_right_sleep(struct xfs_dm_fs *fs, struct xfs_inode *ip, u32 level,
		   int (*done)(void *data), void *data)
{
	u8			handle[DMAPI_HANDLE_LEN] = { };
	struct xfs_dm_about	about = {
		.a_event	= DMAPI_EVENT_MAX,
		.a_handle	= handle,
		.a_right	= level,
	};

	if (ip)
		xfs_dm_handle_init(ip, handle);
	return xfs_dm_right_wait(fs, &about, done, data);
}

/* --- Calls ------------------------------------------------------------------ */

/**
 * xfs_dm_right_look() - what does the call's token have of its object?
 * @call: with a token, or without
 * @held: result: is it held by reference; or NULL
 *
 * Return: DMAPI_RIGHT_*.
 */
u32
xfs_dm_right_look(struct xfs_dm_call *call, bool *held)
{
	struct xfs_dm_object	*o = &call->fs->fs_object;
	struct xfs_dm_right	*r;
	u32			level = DMAPI_RIGHT_NULL;

	if (held)
		*held = false;
	if (call->ip)
		o = xfs_dm_object_loaded(call->ip);
	if (!o)
		return level;
	spin_lock(&xfs_dm_rights_lock);
	list_for_each_entry(r, &o->o_rights, r_same) {
		if (r->r_msg->m_msg.token != call->arg.obj.token)
			continue;
		level = r->r_level;
		if (held)
			*held = r->r_held;
		break;
	}
	spin_unlock(&xfs_dm_rights_lock);
	return level;
}

struct xfs_dm_right_call {
	struct xfs_dm_object	*object;
	u32			level;
};

/* 1 if the call may run, and counts; 0 if not. */
static int
xfs_dm_right_enter(void *data)
{
	struct xfs_dm_right_call *c = data;
	bool			free;

	spin_lock(&xfs_dm_rights_lock);
	free = !xfs_dm_object_next(c->object, NULL, c->level, NULL);
	if (free && c->level == DMAPI_RIGHT_EXCL)
		c->object->o_excl++;
	else if (free)
		c->object->o_shared++;
	spin_unlock(&xfs_dm_rights_lock);
	return free;
}

/**
 * xfs_dm_right_begin() - a call about an object begins
 * @call: resolved; nothing is held
 * @level: what it needs, DMAPI_RIGHT_SHARED or _EXCL
 *
 * Return: 0, then without a token xfs_dm_right_end() has to follow; -EACCES if
 * its token does not have it; -ERESTARTSYS after a signal; -EIO if all waits were
 * ended; -ENOMEM.
 */
int
xfs_dm_right_begin(struct xfs_dm_call *call, u32 level)
{
	struct xfs_dm_right_call c = { .level = level };
	int			error;

	if (call->arg.obj.token != DMAPI_NO_TOKEN)
		return xfs_dm_right_look(call, NULL) < level ? -EACCES : 0;
	c.object = xfs_dm_object_of(call);
	if (!c.object)
		return -ENOMEM;
	if (xfs_dm_right_enter(&c))
		return 0;
	error = xfs_dm_right_sleep(call->fs, call->ip, level,
				   xfs_dm_right_enter, &c);
	return min(error, 0);
}

/**
 * xfs_dm_right_end() - it is over
 * @call: one without a token that xfs_dm_right_begin() let in
 * @level: as there
 */
void
xfs_dm_right_end(struct xfs_dm_call *call, u32 level)
{
	struct xfs_dm_object	*o;

	o = call->ip ? call->ip->i_dm_object : &call->fs->fs_object;
	spin_lock(&xfs_dm_rights_lock);
	if (level == DMAPI_RIGHT_EXCL)
		o->o_excl--;
	else
		o->o_shared--;
	spin_unlock(&xfs_dm_rights_lock);
	xfs_dm_right_wake(call->fs);
}

/* --- Tokens ----------------------------------------------------------------- */

/* Is there nothing left of it?  Then it is in no list any more. */
static bool
xfs_dm_right_unlink(struct xfs_dm_right *r)
{
	lockdep_assert_held(&xfs_dm_rights_lock);
	if (r->r_users || r->r_held || r->r_level != DMAPI_RIGHT_NULL)
		return false;
	list_del(&r->r_all);
	list_del(&r->r_same);
	list_del(&r->r_own);
	return true;
}

static void
xfs_dm_right_free(struct xfs_dm_right *r)
{
	struct xfs_mount	*mp = r->r_fs->fs_mount;

	atomic_dec(&r->r_fs->fs_rights);
	if (r->r_ip) {
		xfs_dm_exclude_end(r->r_ip);
		xfs_irele(r->r_ip);
	}
	xfs_dm_msg_put(r->r_msg);
	xfs_dm_fs_unpin(mp);
	xfs_dm_fs_put(r->r_fs);
	kfree(r);
}

static struct xfs_dm_right *
xfs_dm_right_find(struct xfs_dm_object *o, const struct xfs_dm_msg *m)
{
	struct xfs_dm_right	*r;

	lockdep_assert_held(&xfs_dm_rights_lock);
	list_for_each_entry(r, &o->o_rights, r_same) {
		if (r->r_msg == m)
			return r;
	}
	return NULL;
}

/**
 * xfs_dm_right_get() - what a token has, or may get, of a call's object
 * @call: resolved
 * @m: the token's message, referenced by the caller
 *
 * Return: for xfs_dm_right_put(); ERR_PTR(-ENOMEM); ERR_PTR(-EBADF) if the file
 * system is going; or ERR_PTR(-ENOSPC) if a worker's token has many.
 */
struct xfs_dm_right *
xfs_dm_right_get(struct xfs_dm_call *call, struct xfs_dm_msg *m)
{
	struct xfs_dm_object	*o = xfs_dm_object_of(call);
	struct xfs_dm_right	*r, *new;

	new = kzalloc_obj(*new, GFP_KERNEL_ACCOUNT);
	if (!o || !new) {
		kfree(new);
		return ERR_PTR(-ENOMEM);
	}
	if (!xfs_dm_fs_pin(call->fs)) {
		kfree(new);
		return ERR_PTR(-EBADF);
	}
	new->r_object = o;
	new->r_msg = m;
	refcount_inc(&m->m_ref);
	new->r_fs = call->fs;
	kref_get(&call->fs->fs_ref);
	atomic_inc(&call->fs->fs_rights);
	new->r_ip = call->ip;
	if (new->r_ip)
		ihold(VFS_I(new->r_ip));
	new->r_since = ktime_get_seconds();

	spin_lock(&xfs_dm_rights_lock);
	r = xfs_dm_right_find(o, m);
	if (!r && call->worker &&
	    list_count_nodes(&m->m_rights) >= XFS_DM_WORKER_RIGHTS) {
		spin_unlock(&xfs_dm_rights_lock);
		xfs_dm_right_free(new);
		return ERR_PTR(-ENOSPC);
	}
	if (!r) {
		r = new;
		new = NULL;
		list_add_tail(&r->r_all, &xfs_dm_rights);
		list_add_tail(&r->r_same, &o->o_rights);
		list_add_tail(&r->r_own, &m->m_rights);
	}
	r->r_users++;
	spin_unlock(&xfs_dm_rights_lock);
	if (new)
		xfs_dm_right_free(new);
	return r;
}

/**
 * xfs_dm_right_put() - the call is done with it
 * @r: what xfs_dm_right_get() gave
 */
void
xfs_dm_right_put(struct xfs_dm_right *r)
{
	bool			gone;

	spin_lock(&xfs_dm_rights_lock);
	r->r_users--;
	gone = xfs_dm_right_unlink(r);
	spin_unlock(&xfs_dm_rights_lock);
	if (gone)
		xfs_dm_right_free(r);
}

/**
 * xfs_dm_right_change() - change what a token has, without waiting
 * @r: what xfs_dm_right_get() gave
 * @change: how; under the lock; 0 or a negated errno
 *
 * Return: what @change did; -ESRCH if the token has ended.
 */
int
xfs_dm_right_change(struct xfs_dm_right *r,
		    int (*change)(struct xfs_dm_right *r))
{
	int			error = -ESRCH;

	spin_lock(&xfs_dm_rights_lock);
	smp_mb();	/* pairs with xfs_dm_right_forget() */
	if (!READ_ONCE(r->r_msg->m_ended)) {
		error = change(r);
		r->r_told = min(r->r_told, r->r_level);
		xfs_dm_object_update(r);
	}
	spin_unlock(&xfs_dm_rights_lock);
	if (!error)
		xfs_dm_right_wake(r->r_fs);
	return error;
}

/*
 * Those who are in the way of @r go to the end of the list from @last on, once
 * each; true if @me is among them.
 */
static bool
xfs_dm_right_follow(struct xfs_dm_right *r, const struct xfs_dm_msg *me,
		    struct xfs_dm_msg **last)
{
	struct xfs_dm_right	*q = NULL;

	while ((q = xfs_dm_object_next(r->r_object, r->r_msg, r->r_asked, q))) {
		if (q->r_msg == me)
			return true;
		if (q->r_msg->m_walk == xfs_dm_walks)
			continue;
		q->r_msg->m_walk = xfs_dm_walks;
		q->r_msg->m_walk_next = NULL;
		(*last)->m_walk_next = q->r_msg;
		*last = q->r_msg;
	}
	return false;
}

/* Does somebody who is in the way of @r wait, by way of others, for its token? */
static bool
xfs_dm_right_circle(struct xfs_dm_right *r)
{
	struct xfs_dm_msg	*me = r->r_msg;
	struct xfs_dm_msg	*m = me, *last = me;
	struct xfs_dm_right	*q;

	lockdep_assert_held(&xfs_dm_rights_lock);
	xfs_dm_walks++;
	me->m_walk_next = NULL;
	if (xfs_dm_right_follow(r, NULL, &last))
		return true;
	while ((m = m->m_walk_next)) {
		list_for_each_entry(q, &m->m_rights, r_own) {
			if (q->r_asked != DMAPI_RIGHT_NULL &&
			    xfs_dm_right_follow(q, me, &last))
				return true;
		}
	}
	return false;
}

/* Is nobody in the way of @level? */
static bool
xfs_dm_right_is_free(struct xfs_dm_right *r, u32 level)
{
	if (r->r_object->o_excl ||
	    (level == DMAPI_RIGHT_EXCL && r->r_object->o_shared))
		return false;
	return !xfs_dm_object_next(r->r_object, r->r_msg, level, NULL);
}

struct xfs_dm_right_ask {
	struct xfs_dm_right	*r;
	u32			level;
	bool			asks;	/* r_asked is this one's */
	bool			raised;	/* r_level is this one's work */
};

/* 1 it is granted, 0 not yet, or a negated errno. */
static int
xfs_dm_right_try(void *data)
{
	struct xfs_dm_right_ask	*ask = data;
	struct xfs_dm_right	*r = ask->r;
	int			ret = 0;

	spin_lock(&xfs_dm_rights_lock);
	smp_mb();	/* pairs with xfs_dm_right_forget() */
	if (!ask->asks && r->r_asked == DMAPI_RIGHT_NULL) {
		ask->asks = true;
		r->r_asked = ask->level;
	}
	if (READ_ONCE(r->r_msg->m_ended)) {
		ret = -ESRCH;
	} else if (r->r_level >= ask->level) {
		ret = 1;
	} else if (!ask->asks) {
		ret = 0;	/* another thread does, for the same token */
	} else if (xfs_dm_right_is_free(r, ask->level)) {
		r->r_level = ask->level;
		ask->raised = true;
		xfs_dm_object_update(r);
		ret = 1;
	} else if (xfs_dm_right_circle(r)) {
		ret = -EDEADLK;
	}
	spin_unlock(&xfs_dm_rights_lock);
	return ret;
}

/**
 * xfs_dm_right_ask() - get a right for a token
 * @r: what xfs_dm_right_get() gave
 * @level: DMAPI_RIGHT_SHARED or _EXCL
 * @wait: until it is free
 *
 * When it returns no ordinary operation that the right excludes is under way.
 *
 * Return: 0; -EAGAIN if it is not free; -EACCES for a wait that others would wait
 * for, too; -EDEADLK for one that would not end; -ESRCH if the token ended; -EINTR
 * or -ERESTARTSYS after a signal; -EIO if all waits were ended, or what loading
 * the object's state gave.
 */
int
xfs_dm_right_ask(struct xfs_dm_right *r, u32 level, bool wait)
{
	struct xfs_dm_right_ask	ask = { .r = r, .level = level };
	int			ret, error;

	if (READ_ONCE(r->r_level) == DMAPI_RIGHT_SHARED &&
	    level == DMAPI_RIGHT_EXCL && wait)
		return -EACCES;
	ret = xfs_dm_right_try(&ask);
	if (!wait && (!ret || ret == -EDEADLK))
		ret = -EAGAIN;
	else if (!ret)
		ret = xfs_dm_right_sleep(r->r_fs, r->r_ip, level,
					 xfs_dm_right_try, &ask);
	error = min(ret, 0);
	/* Granted, perhaps by another thread which is not done with this. */
	if (!error && r->r_ip)
		error = xfs_dm_exclude_begin(r->r_ip);

	spin_lock(&xfs_dm_rights_lock);
	if (ask.asks)
		r->r_asked = DMAPI_RIGHT_NULL;
	if (!error) {
		r->r_told = max(r->r_told, level);
	} else if (ask.raised) {
		/* Granted, but not all of it: back to what is sure. */
		r->r_level = min(r->r_level, r->r_told);
		xfs_dm_object_update(r);
	}
	spin_unlock(&xfs_dm_rights_lock);
	/* Who waits looks for circles anew. */
	xfs_dm_right_wake(r->r_fs);
	return error;
}

/**
 * xfs_dm_right_forget() - a token has ended
 * @m: its message
 */
void
xfs_dm_right_forget(struct xfs_dm_msg *m)
{
	struct xfs_dm_right	*r, *n;
	LIST_HEAD(gone);

	/* Whoever adds to the list looks at this afterwards. */
	WRITE_ONCE(m->m_ended, true);
	smp_mb();	/* pairs with xfs_dm_right_try() */
	if (list_empty_careful(&m->m_rights))
		return;
	spin_lock(&xfs_dm_rights_lock);
	list_for_each_entry_safe(r, n, &m->m_rights, r_own) {
		r->r_level = DMAPI_RIGHT_NULL;
		r->r_held = false;
		xfs_dm_object_update(r);
		/* Else somebody waits, and is to see that this has ended. */
		if (xfs_dm_right_unlink(r))
			list_add_tail(&r->r_own, &gone);
		else
			xfs_dm_right_wake(r->r_fs);
	}
	spin_unlock(&xfs_dm_rights_lock);

	list_for_each_entry_safe(r, n, &gone, r_own) {
		xfs_dm_right_wake(r->r_fs);
		xfs_dm_right_free(r);
	}
}

/* --- For the administrator --------------------------------------------------- */

static void *
xfs_dm_rights_start(struct seq_file *m, loff_t *pos)
	__acquires(&xfs_dm_rights_lock)
{
	spin_lock(&xfs_dm_rights_lock);
	return seq_list_start_head(&xfs_dm_rights, *pos);
}

static void *
xfs_dm_rights_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &xfs_dm_rights, pos);
}

static void
xfs_dm_rights_stop(struct seq_file *m, void *v)
	__releases(&xfs_dm_rights_lock)
{
	spin_unlock(&xfs_dm_rights_lock);
}

static const char *const xfs_dm_right_names[] = {
	[DMAPI_RIGHT_NULL]	= "-",
	[DMAPI_RIGHT_SHARED]	= "SHARED",
	[DMAPI_RIGHT_EXCL]	= "EXCL",
};

static int
xfs_dm_rights_show(struct seq_file *m, void *v)
{
	const struct xfs_dm_right *r;
	const struct xfs_dm_session *s;
	__s32			sid = DMAPI_NO_SESSION;

	if (v == &xfs_dm_rights) {
		seq_puts(m, "session token fsid ino gen right asks held since\n");
		return 0;
	}
	r = list_entry(v, struct xfs_dm_right, r_all);
	rcu_read_lock();
	s = READ_ONCE(r->r_msg->m_session);
	if (s)
		sid = READ_ONCE(s->s_id);
	rcu_read_unlock();
	seq_printf(m, "%d %d %016llx %llu %u %s %s %s %lld\n", sid,
		   r->r_msg->m_msg.token, r->r_fs->fs_id,
		   r->r_ip ? (unsigned long long)xfs_dm_ino(r->r_ip) : 0,
		   r->r_ip ? VFS_I(r->r_ip)->i_generation : 0,
		   xfs_dm_right_names[r->r_level],
		   xfs_dm_right_names[r->r_asked], r->r_held ? "held" : "-",
		   ktime_get_seconds() - r->r_since);
	return 0;
}

static const struct seq_operations xfs_dm_rights_ops = {
	.start	= xfs_dm_rights_start,
	.next	= xfs_dm_rights_next,
	.stop	= xfs_dm_rights_stop,
	.show	= xfs_dm_rights_show,
};

/**
 * xfs_dm_right_init() - make the list visible
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_right_init(void)
{
	/* For root's eyes, as the list of waiters. */
	if (IS_ENABLED(CONFIG_PROC_FS) &&
	    !proc_create_seq("fs/xfs/dmapi_rights", 0400, NULL,
			     &xfs_dm_rights_ops))
		return -ENOMEM;
	return 0;
}

/** xfs_dm_right_exit() - no session lives any more */
void
xfs_dm_right_exit(void)
{
	remove_proc_entry("fs/xfs/dmapi_rights", NULL);
	WARN_ON(!list_empty(&xfs_dm_rights));
}
