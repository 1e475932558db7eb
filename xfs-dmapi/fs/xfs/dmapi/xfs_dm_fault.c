// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults: mappings whose data is brought back when it is touched
 *
 * In a mount's lazy mode, mapping a file raises no READ event, and a mapped file
 * can be punched.  Who touches an offline page later waits then.
 *
 * A fault of a program that runs in user mode holds mmap_lock, or the lock of
 * one mapping, and nothing else.  It drops that and waits; then the fault is
 * taken again.  Only a deadly signal ends the wait, since not every
 * architecture looks at others between one try and the next.  An answer that
 * brought nothing back becomes SIGBUS, in the next try, when the locks are held
 * again that the caller expects; the refusal is kept for that long.
 *
 * A fault in kernel mode comes below locks that nobody here knows of: a write
 * takes its data from the mapping under the other file's IOLOCK and below
 * freeze protection.  It fails.  If it belongs to a system call that can begin
 * again, that unwinds with EFAULT, waits and does so.  All others get EFAULT.
 * Some architectures call a fault in kernel mode one of user mode; a task that
 * is in a system call is not believed.
 *
 * A punch takes a mapped page away so that no store is lost: from the moment at
 * which it holds the file (i_dm_hold), a fault that has found a page looks
 * again, under the page's lock, and waits for the punch to end instead; no
 * others are mapped beside it.  Then each page is unmapped under its lock, and
 * one that is pinned for I/O stops the punch.
 *
 * A recall fills pages and has them written.  In between a page can be read
 * from, and be mapped for that, but what is stored into it would be refused: as
 * long as no written extent backs it, a byte is offline.  So a store has the
 * page written first.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <asm/syscall.h>

/*
 * Refusals that wait for their fault to be tried again.  That happens at once,
 * so one that is older belongs to nothing; if there are too many at a time, the
 * event is raised once more.
 */
#define XFS_DM_MAX_REFUSALS	64

struct xfs_dm_refusal {
	struct task_struct	*task;
	struct inode		*inode;
	pgoff_t			pgoff;
	unsigned long		since;		/* jiffies */
};

static DEFINE_SPINLOCK(xfs_dm_refusals_lock);
static struct xfs_dm_refusal xfs_dm_refusals[XFS_DM_MAX_REFUSALS];
static unsigned int xfs_dm_refusals_next;

static void
xfs_dm_refuse_fault(struct inode *inode, pgoff_t pgoff)
{
	struct xfs_dm_refusal	r = {
		.task	= current,
		.inode	= inode,
		.pgoff	= pgoff,
		.since	= jiffies,
	};

	spin_lock(&xfs_dm_refusals_lock);
	xfs_dm_refusals[xfs_dm_refusals_next++ % XFS_DM_MAX_REFUSALS] = r;
	spin_unlock(&xfs_dm_refusals_lock);
}

static bool
xfs_dm_fault_was_refused(const struct inode *inode, pgoff_t pgoff)
{
	bool			found = false;
	unsigned int		i;

	spin_lock(&xfs_dm_refusals_lock);
	for (i = 0; i < XFS_DM_MAX_REFUSALS; i++) {
		struct xfs_dm_refusal *r = &xfs_dm_refusals[i];

		if (r->task != current)
			continue;
		if (r->inode == inode && r->pgoff == pgoff &&
		    time_before(jiffies, r->since + HZ))
			found = true;
		r->task = NULL;
	}
	spin_unlock(&xfs_dm_refusals_lock);
	return found;
}

/*
 * Others may punch a page and bring it back each time that a fault comes for it.
 * It holds a lock of the address space, and gives up in the end.
 */
#define XFS_DM_FAULT_TRIES	8

/* Does the task hold nothing but what the fault took? */
static bool
xfs_dm_fault_may_wait(const struct vm_fault *vmf)
{
	return (vmf->flags & FAULT_FLAG_USER) &&
	       (vmf->flags & FAULT_FLAG_ALLOW_RETRY) &&
	       !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT) &&
	       syscall_get_nr(current, task_pt_regs(current)) < 0;
}

/* The state by which a fault decided, to see whether it changed since. */
static u64
xfs_dm_fault_gen(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	u64				gen;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	gen = dm ? dm->gen : 0;
	rcu_read_unlock();
	return gen;
}

/*
 * What has to be brought back for a page: 1 if anything, 0 if it is here,
 * negated errno.
 */
static int
xfs_dm_fault_want(struct xfs_inode *ip, pgoff_t pgoff, struct dmapi_want *want)
{
	u64			pos = (u64)pgoff << PAGE_SHIFT;
	u64			size = i_size_read(VFS_I(ip));
	u64			window;
	int			ret;

	if (pos >= size)
		return 0;
	ret = xfs_dm_inode_load(ip);
	if (ret)
		return ret;
	want->state = xfs_dm_fault_gen(ip);
	ret = xfs_dm_range_offline(ip, pos, pos + PAGE_SIZE);
	if (ret <= 0)
		return ret;
	if (!xfs_dm_is_managed(ip->i_mount))
		return -EIO;

	window = READ_ONCE(ip->i_mount->m_dm->mmap_window);
	want->inode = VFS_I(ip);
	want->igen = VFS_I(ip)->i_generation;
	want->event = DMAPI_EVENT_READ;
	want->off = pos;
	want->len = min(roundup_64(max_t(u64, window, 1), PAGE_SIZE),
			size - pos);
	want->must = true;
	want->deadly = true;
	return 1;
}

/* A system call that needs much begins again less often if it gets more. */
#define XFS_DM_FEW_ROUNDS	4

static void
xfs_dm_fault_widen(struct dmapi_want *want)
{
	const struct dmapi_scope *scope = dmapi_scope_find();

	if (scope && scope->nhad >= XFS_DM_FEW_ROUNDS)
		xfs_dm_widen(scope, want);
}

/* Wait with nothing held; the fault is tried again. */
static vm_fault_t
xfs_dm_fault_wait(struct vm_fault *vmf, struct xfs_inode *ip,
		  const struct dmapi_want *want)
{
	struct dmapi_want	now = { };
	struct file		*file = get_file(vmf->vma->vm_file);
	pgoff_t			pgoff = vmf->pgoff;
	int			error;

	release_fault_lock(vmf);
	error = xfs_dm_want_wait(VFS_I(ip), want);
	/* Punched again since it came back?  A punch says so, then does it. */
	if (!error && xfs_dm_fault_want(ip, pgoff, &now) &&
	    xfs_dm_fault_gen(ip) == want->state)
		error = -EIO;
	if (error)
		xfs_dm_refuse_fault(VFS_I(ip), pgoff);
	fput(file);
	return VM_FAULT_RETRY;
}

/* 0 if the page may be there. */
static vm_fault_t
xfs_dm_fault_check(struct vm_fault *vmf, struct xfs_inode *ip)
{
	struct dmapi_want	want = { };
	int			ret;

	ret = xfs_dm_fault_want(ip, vmf->pgoff, &want);
	if (!ret)
		return 0;
	if (ret < 0)
		return VM_FAULT_SIGBUS;
	/* @xfs-dm-show { */
	if (xfs_dm_norecall(ip->i_mount->m_dm))
		return VM_FAULT_SIGBUS;
	/* } @xfs-dm-show */
	if (!xfs_dm_fault_may_wait(vmf)) {
		xfs_dm_fault_widen(&want);
		dmapi_scope_want_fault(VFS_I(ip), &want, xfs_dm_want_wait);
		return VM_FAULT_SIGBUS;
	}
	if (xfs_dm_fault_was_refused(VFS_I(ip), vmf->pgoff))
		return VM_FAULT_SIGBUS;
	return xfs_dm_fault_wait(vmf, ip, &want);
}

/**
 * __xfs_dm_filemap_fault() - a page is touched that nobody has mapped here
 * @vmf: the fault
 *
 * Return: as filemap_fault().
 */
vm_fault_t
__xfs_dm_filemap_fault(struct vm_fault *vmf)
{
	struct inode		*inode = file_inode(vmf->vma->vm_file);
	struct xfs_inode	*ip = XFS_I(inode);
	unsigned int		tries = 0;
	unsigned int		seq;
	vm_fault_t		ret;
	u64			gen;

again:
	gen = xfs_dm_fault_gen(ip);
	seq = READ_ONCE(ip->i_df.if_seq);
	if (xfs_dm_guarded(ip)) {
		ret = xfs_dm_fault_check(vmf, ip);
		if (ret)
			return ret;
	}
	ret = filemap_fault(vmf);
	/* A punch came in between; the guard has refused to read. */
	if ((ret & VM_FAULT_SIGBUS) && xfs_dm_guarded(ip) &&
	    (gen != xfs_dm_fault_gen(ip) ||
	     seq != READ_ONCE(ip->i_df.if_seq)) &&
	    tries++ < XFS_DM_FAULT_TRIES)
		goto again;
	if (!(ret & VM_FAULT_LOCKED) || !READ_ONCE(ip->i_dm_hold))
		return ret;

	/* A punch is under way, and this page may be one that it takes away. */
	unlock_page(vmf->page);
	put_page(vmf->page);
	vmf->page = NULL;
	xfs_ilock(ip, XFS_MMAPLOCK_SHARED);
	xfs_iunlock(ip, XFS_MMAPLOCK_SHARED);
	goto again;
}

/**
 * __xfs_dm_write_fault_again() - a store into a page that is there was refused
 * @vmf: the fault
 * @tries: number of calls before this one
 *
 * No lock of the file system is held.  A page that was taken away meanwhile is
 * none of this: the store is told so, and begins again where it may wait.
 *
 * Return: true if the store may do now.
 */
bool
__xfs_dm_write_fault_again(struct vm_fault *vmf, unsigned int tries)
{
	struct inode		*inode = file_inode(vmf->vma->vm_file);
	struct xfs_inode	*ip = XFS_I(inode);
	struct folio		*folio = page_folio(vmf->page);
	loff_t			pos = folio_pos(folio);
	loff_t			end = pos + folio_size(folio);

	if (IS_DAX(inode) || !xfs_dm_guarded(ip) ||
	    tries == XFS_DM_FAULT_TRIES)
		return false;
	/* It may have been written since; then this try is the last. */
	if (tries && xfs_dm_range_offline(ip, pos, end) <= 0)
		return false;
	/* An error is for others to hear of; the guard sees what it left. */
	filemap_fdatawrite_range(inode->i_mapping, pos, end - 1);
	filemap_fdatawait_range_keep_errors(inode->i_mapping, pos, end - 1);
	return true;
}

/**
 * xfs_dm_map_pages() - pages that are there may be mapped beside another
 * @vmf: its fault
 * @first: the first page
 * @last: the last
 *
 * Called under RCU, for which xfs_dm_hold() waits.
 */
vm_fault_t
xfs_dm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last)
{
	if (READ_ONCE(XFS_I(file_inode(vmf->vma->vm_file))->i_dm_hold))
		return 0;
	return filemap_map_pages(vmf, first, last);
}

/**
 * xfs_dm_hold() - take a range away from those who map it
 * @ip: the file, locked by xfs_dm_lock()
 * @first: first page
 * @last: last page
 *
 * Until xfs_dm_release() nobody maps it again.
 *
 * Return: 0, or -EBUSY if a page is pinned.
 */
int
xfs_dm_hold(struct xfs_inode *ip, pgoff_t first, pgoff_t last)
{
	struct address_space	*mapping = VFS_I(ip)->i_mapping;
	struct folio_batch	fbatch;
	pgoff_t			index = first;
	unsigned int		i;
	int			error = 0;

	WRITE_ONCE(ip->i_dm_hold, true);
	/* Who maps it from now on sees that, when a page is touched. */
	smp_mb();
	if (!mapping_mapped(mapping))
		return 0;
	/* Those who map what is there beside a fault do not look again. */
	synchronize_rcu();
	unmap_mapping_pages(mapping, first, last - first + 1, false);

	folio_batch_init(&fbatch);
	while (!error && filemap_get_folios(mapping, &index, last, &fbatch)) {
		for (i = 0; i < folio_batch_count(&fbatch); i++) {
			struct folio	*folio = fbatch.folios[i];

			folio_lock(folio);
			if (folio->mapping == mapping) {
				if (folio_mapped(folio))
					unmap_mapping_pages(mapping,
							    folio->index,
							    folio_nr_pages(folio),
							    false);
				if (folio_maybe_dma_pinned(folio))
					error = -EBUSY;
			}
			folio_unlock(folio);
		}
		folio_batch_release(&fbatch);
		cond_resched();
	}
	if (error)
		xfs_dm_release(ip);
	return error;
}

/**
 * xfs_dm_release() - let pages be mapped again
 * @ip: the file, locked by xfs_dm_lock()
 */
void
xfs_dm_release(struct xfs_inode *ip)
{
	WRITE_ONCE(ip->i_dm_hold, false);
}
