// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that unwind, wait for a manager of storage, and go again
 *
 * include/linux/dmapi_scope.h tells what for and how to use it.
 *
 * The file system has to find the scope of the operation that it works on, many
 * calls below the one that opened it.  A field in task_struct would do, but
 * distributions keep its layout.  So open scopes are in a small hash table by
 * task.  Only their own task looks for them, only while the operation runs: a
 * scope that waits is not in the table, so that it stays short however many
 * operations wait.
 *
 * A copy to or from the user's memory may meet a mapping whose data is away.  The
 * fault cannot wait and fails, the copy fails with -EFAULT, and that unwinds an
 * operation as well, if it says that it can begin again.  Since an operation that
 * has copied a part ends with that, all of the memory is looked at before it
 * begins.
 *
 * What a scope must not do is outlive its purpose.  It is filled only together
 * with -EAGAIN, or by a fault; if the operation ends with anything else, an
 * error or a part of what was asked, what was noted is dropped.  There is never
 * more than one of a task, so that nothing stale can be met.
 */
#include <linux/dmapi_scope.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/rculist_bl.h>
#include <linux/sched.h>
#include <linux/slab.h>

#define DMAPI_SCOPE_BITS	8
static struct hlist_bl_head dmapi_scopes[1 << DMAPI_SCOPE_BITS];

DEFINE_STATIC_KEY_FALSE(dmapi_managed_key);
EXPORT_SYMBOL_GPL(dmapi_managed_key);
DEFINE_STATIC_KEY_FALSE(dmapi_lazy_key);
EXPORT_SYMBOL_GPL(dmapi_lazy_key);
bool dmapi_opens_wait;
EXPORT_SYMBOL_GPL(dmapi_opens_wait);

static struct hlist_bl_head *dmapi_scope_bucket(void)
{
	return &dmapi_scopes[hash_ptr(current, DMAPI_SCOPE_BITS)];
}

static void dmapi_scope_add(struct dmapi_scope *scope)
{
	struct hlist_bl_head *bucket = dmapi_scope_bucket();

	hlist_bl_lock(bucket);
	hlist_bl_add_head(&scope->node, bucket);
	hlist_bl_unlock(bucket);
}

static void dmapi_scope_del(struct dmapi_scope *scope)
{
	struct hlist_bl_head *bucket = dmapi_scope_bucket();

	hlist_bl_lock(bucket);
	hlist_bl_del(&scope->node);
	hlist_bl_unlock(bucket);
}

/**
 * dmapi_scope_find() - the scope of the operation that this task works on
 *
 * Return: NULL if nobody opened one.
 */
struct dmapi_scope *dmapi_scope_find(void)
{
	struct hlist_bl_head *bucket = dmapi_scope_bucket();
	struct dmapi_scope *scope, *found = NULL;
	struct hlist_bl_node *node;

	/* An empty bucket is the rule: look without the lock. */
	if (!READ_ONCE(bucket->first))
		return NULL;
	hlist_bl_lock(bucket);
	hlist_bl_for_each_entry(scope, node, bucket, node) {
		if (scope->task == current) {
			found = scope;
			break;
		}
	}
	hlist_bl_unlock(bucket);
	return found;
}
EXPORT_SYMBOL_GPL(dmapi_scope_find);

/**
 * __dmapi_scope_open() - open a scope around an operation
 * @scope: on the stack; nothing is held
 *
 * Servers have none, since others wait in their stead.
 *
 * Return: false if there is one already, or must not be one.
 */
bool __dmapi_scope_open(struct dmapi_scope *scope)
{
	if (dmapi_is_server() || dmapi_scope_find())
		return false;
	scope->task = current;
	scope->inode = NULL;
	scope->nhad = 0;
	scope->after = NULL;
	scope->limited = false;
	scope->stacked = false;
	scope->stepped = false;
	scope->repeats = false;
	scope->faulted = false;
	dmapi_scope_add(scope);
	return true;
}
EXPORT_SYMBOL_GPL(__dmapi_scope_open);

bool __dmapi_unwinds(void)
{
	const struct dmapi_scope *scope = dmapi_scope_find();

	return scope && scope->inode;
}

void __dmapi_scope_stacked(void)
{
	struct dmapi_scope *scope = dmapi_scope_find();

	if (scope)
		scope->stacked = true;
}
EXPORT_SYMBOL_GPL(__dmapi_scope_stacked);

static void dmapi_scope_forget(struct dmapi_scope *scope)
{
	struct inode *inode = scope->inode;
	struct super_block *sb;

	if (!inode)
		return;
	sb = inode->i_sb;
	kfree(scope->want.data);
	scope->want.data = NULL;
	scope->inode = NULL;
	iput(inode);
	deactivate_super(sb);
}

/* Wait, and say whether the operation goes again. */
static bool dmapi_scope_wait(struct dmapi_scope *scope, long ret)
{
	bool passing;	/* @xfs-dm-rights */
	unsigned int i;

	dmapi_scope_del(scope);
	scope->state = DMAPI_SCOPE_NONE;
	if (likely(!scope->inode))
		return false;
	if (!dmapi_scope_unwinds(scope, ret)) {
		dmapi_scope_forget(scope);
		return false;
	}

	scope->error = scope->wait(scope->inode, &scope->want);
	passing = scope->want.passing;	/* @xfs-dm-rights */
	dmapi_scope_forget(scope);
	if (scope->error) {
		scope->state = DMAPI_SCOPE_FAILED;
		return false;
	}

	/* @xfs-dm-rights { */
	if (passing)
		goto out_again;
	/* } @xfs-dm-rights */
	for (i = DMAPI_SCOPE_TICKETS - 1; i > 0; i--)
		scope->had[i] = scope->had[i - 1];
	scope->had[0] = scope->want;
	scope->nhad++;
out_again:	/* @xfs-dm-rights */
	scope->limited = false;
	scope->stepped = false;
	scope->faulted = false;
	scope->state = DMAPI_SCOPE_OPEN;
	dmapi_scope_add(scope);
	return true;
}

/**
 * __dmapi_scope_again() - the operation came back: wait, or be done
 * @scope: open, and nothing is held
 * @ret: what the operation returned
 *
 * Return: true if the operation is to be done again.  Otherwise the scope is
 * closed, and dmapi_scope_result() tells the operation's result.
 */
bool __dmapi_scope_again(struct dmapi_scope *scope, long ret)
{
	bool wanted = scope->inode;
	bool again = dmapi_scope_wait(scope, ret);

	if (unlikely(!again && scope->after))
		scope->after->end(scope->after, !wanted,
				  dmapi_scope_result(scope, ret));
	return again;
}
EXPORT_SYMBOL_GPL(__dmapi_scope_again);

/**
 * dmapi_scope_settled() - must the operation do with the answers it has?
 * @scope: its scope
 * @want: an event on the same object that covers this one's range will do
 *
 * An answer that the operation cannot go on without counts only as long as
 * nothing has changed since the event was raised.
 *
 * Return: false if it may ask.
 */
bool dmapi_scope_settled(const struct dmapi_scope *scope,
			 const struct dmapi_want *want)
{
	unsigned int n = min(scope->nhad, DMAPI_SCOPE_TICKETS);
	unsigned int i;

	if (scope->nhad >= DMAPI_SCOPE_ROUNDS)
		return true;
	for (i = 0; i < n; i++) {
		if (dmapi_want_covers(&scope->had[i], want))
			return !want->must ||
			       scope->had[i].state == want->state;
	}
	return false;
}
EXPORT_SYMBOL_GPL(dmapi_scope_settled);

/**
 * dmapi_scope_want() - note an event to wait for once everything is unwound
 * @scope: the operation's
 * @inode: the object, which the caller holds
 * @want: the event
 * @wait: how to wait for it
 *
 * The first wish of a pass counts.  What follows it is a caller's second try
 * by other means, and would want pieces of the same.  In either case
 * @want->data is taken over.
 *
 * Return: -EAGAIN, for the operation to return.
 */
int dmapi_scope_want(struct dmapi_scope *scope, struct inode *inode,
		     const struct dmapi_want *want,
		     int (*wait)(struct inode *inode,
				 const struct dmapi_want *want))
{
	if (scope->inode) {
		kfree(want->data);
		return -EAGAIN;
	}
	ihold(inode);
	atomic_inc(&inode->i_sb->s_active);
	scope->inode = inode;
	scope->want = *want;
	scope->wait = wait;
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(dmapi_scope_want);

/**
 * dmapi_scope_want_fault() - note an event that a fault in kernel mode needs
 * @inode: the file that is mapped
 * @want: the event
 * @wait: how to wait for it
 *
 * Locks may be held that nobody here knows of, so the fault must fail; what it
 * was for may come back.
 *
 * Return: true if it will, if it ends with -EFAULT.
 */
bool dmapi_scope_want_fault(struct inode *inode, const struct dmapi_want *want,
			    int (*wait)(struct inode *inode,
					const struct dmapi_want *want))
{
	struct dmapi_scope *scope = dmapi_scope_find();

	if (!scope || !scope->repeats || scope->inode ||
	    dmapi_scope_settled(scope, want))
		return false;
	dmapi_scope_want(scope, inode, want, wait);
	scope->faulted = true;
	return true;
}
EXPORT_SYMBOL_GPL(dmapi_scope_want_fault);

/* Bytes of memory that the operation will need, as far as one can tell. */
static size_t dmapi_memory_needed(const struct file *file, const loff_t *pos,
				  const struct iov_iter *iter)
{
	const struct inode *inode = file_inode(file);
	size_t count = iov_iter_count(iter);
	loff_t size;

	if (iov_iter_rw(iter) == ITER_SOURCE)
		return count;
	if (!S_ISREG(inode->i_mode) || !pos)
		return min_t(size_t, count, PAGE_SIZE);
	size = i_size_read(inode);
	return *pos < size ? min_t(u64, count, size - *pos) : 0;
}

/* Bytes of that from the first one on which is not there. */
static size_t dmapi_memory_missing(const struct file *file, const loff_t *pos,
				   const struct iov_iter *iter)
{
	size_t count = dmapi_memory_needed(file, pos, iter);

	if (iov_iter_rw(iter) == ITER_SOURCE)
		return fault_in_iov_iter_readable(iter, count);
	return fault_in_iov_iter_writeable(iter, count);
}

bool __dmapi_memory_is_away(const struct file *file, const loff_t *pos,
			    const struct iov_iter *iter)
{
	struct dmapi_scope scope;

	dmapi_scope_begin_rw(&scope, true);
	if (scope.state != DMAPI_SCOPE_OPEN)
		return false;
	dmapi_memory_missing(file, pos, iter);
	dmapi_scope_del(&scope);
	dmapi_scope_forget(&scope);
	return scope.faulted;
}

int __dmapi_prefault(const struct file *file, const loff_t *pos,
		     const struct iov_iter *iter)
{
	const struct dmapi_scope *scope = dmapi_scope_find();

	if (!scope || !scope->repeats)
		return 0;
	return dmapi_memory_missing(file, pos, iter) && scope->faulted ?
		-EFAULT : 0;
}
