// SPDX-License-Identifier: GPL-2.0-only
/*
 * What backup programs see
 *
 * They copy attributes, and so they carry what DMAPI keeps of an object, if it
 * is there.  An object that has what it was born with has that in the inode core
 * alone.  So the attributes that its first change would make of it are shown:
 * listed, and read, as if they were there.
 *
 * And they copy data.  A program that skips holes need not bring back what is
 * offline, if it takes that for a hole: the copy has the record, which says that
 * it is none.  But a hole without the record would be zeros.  So offline bytes
 * are shown as a hole to nobody but
 *
 *	a task of the group that the administrator chose for this
 *	that has read the file's record, and is still the same program,
 *	as long as the file's state is the one that it has read.
 *
 * The last one is noted in the state itself, so that the note is gone when the
 * state is replaced.  A punch replaces it before it frees anything.  So a hole
 * that is shown lies in a span of the record that the task has; if not, the range
 * is data of unknown place as for everybody, and reading it is ENODATA.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/cred.h>

/**
 * xfs_dm_is_backup() - is this a task that does not want offline bytes back?
 * @dm: the managed mount, or NULL
 *
 * It is told that they are holes, if it has the record.
 */
bool
xfs_dm_is_backup(const struct xfs_dm_mount *dm)
{
	gid_t			gid = dm ? READ_ONCE(dm->backup) : (gid_t)-1;

	return gid != (gid_t)-1 && in_group_p(KGIDT_INIT(gid));
}

/*
 * A program is told by when its process began, and how often that has executed
 * something since.
 */
static u64
xfs_dm_backup_start(void)
{
	return current->group_leader->start_boottime;
}

/* It has the record: note that, if the state is still the one that it was. */
static void
xfs_dm_backup_note(struct xfs_inode *ip, u64 gen)
{
	struct xfs_dm_inode	*dm;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	if (dm->gen == gen && dm->nspans && !dm->broken) {
		WRITE_ONCE(dm->backup_exec, READ_ONCE(current->self_exec_id));
		WRITE_ONCE(dm->backup_start, xfs_dm_backup_start());
	}
	rcu_read_unlock();
}

/**
 * xfs_dm_backup_has_record() - does this task have the file's record?
 * @ip: the file
 *
 * Of two that read it at the same time, the first may be forgotten.
 */
bool
xfs_dm_backup_has_record(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	bool				has;

	if (!xfs_dm_is_backup(ip->i_mount->m_dm))
		return false;
	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	has = dm && READ_ONCE(dm->backup_start) == xfs_dm_backup_start() &&
	      READ_ONCE(dm->backup_exec) == READ_ONCE(current->self_exec_id);
	rcu_read_unlock();
	return has;
}

/* Attributes of which the inode core may hold what they would say. */
static const char *const xfs_dm_born_names[] = {
	XFS_DM_RECORD_NAME,
	XFS_DM_EVENTS_NAME,
};

/* The value of an attribute that is not there: NULL if it would not be. */
static void *
xfs_dm_born_value(struct xfs_inode *ip, const char *name, size_t *lenp)
{
	struct xfs_dm_inode	*dm;
	void			*value;

	if (strcmp(name, XFS_DM_RECORD_NAME))
		return xfs_dm_list_born(ip, lenp);
	if (!S_ISREG(VFS_I(ip)->i_mode) || xfs_dm_born_regions(ip, &dm))
		return NULL;
	value = xfs_dm_record_encode(dm, lenp);
	kvfree(dm);
	return value;
}

/**
 * xfs_dm_attr_show_list() - list attributes
 * @context: as for xfs_attr_list(), not under ILOCK
 *
 * Return: as xfs_attr_list().
 */
int
xfs_dm_attr_show_list(struct xfs_attr_list_context *context)
{
	struct xfs_inode	*ip = context->dp;
	const char		*name;
	unsigned int		i;
	size_t			len;
	void			*value;

	/* They come first: nothing of this listing was handed out before. */
	if ((context->attr_filter & ~XFS_ATTR_ROOT) || context->cursor.initted)
		return xfs_attr_list(context);
	for (i = 0; i < ARRAY_SIZE(xfs_dm_born_names); i++) {
		name = xfs_dm_born_names[i];
		if (!xfs_dm_is_born(ip))
			break;
		value = xfs_dm_born_value(ip, name, &len);
		if (!value)
			continue;
		kvfree(value);
		context->put_listent(context, XFS_ATTR_ROOT, (void *)name,
				     strlen(name), NULL, len);
		if (context->seen_enough)
			return 0;
	}
	return xfs_attr_list(context);
}

/**
 * xfs_dm_attr_show_get() - read an attribute
 * @args: as for xfs_attr_get(), not under ILOCK
 *
 * Return: as xfs_attr_get().
 */
int
xfs_dm_attr_show_get(struct xfs_da_args *args)
{
	struct xfs_inode	*ip = args->dp;
	bool			ours, copied = args->value && args->valuelen;
	u64			gen = 0;
	size_t			len;
	void			*value;
	int			error;

	ours = (args->attr_filter & XFS_ATTR_ROOT) &&
	       xfs_dm_is_record(args->name, args->namelen);
	if (ours && copied && xfs_dm_is_backup(ip->i_mount->m_dm)) {
		error = xfs_dm_inode_load(ip);
		if (error)
			return error;
		rcu_read_lock();
		gen = rcu_dereference(ip->i_dm)->gen;
		rcu_read_unlock();
	}
	error = xfs_attr_get(args);
	if (!error && gen && args->valuelen)
		xfs_dm_backup_note(ip, gen);
	if (error != -ENODATA || !(args->attr_filter & XFS_ATTR_ROOT) ||
	    !xfs_dm_is_born(ip))
		return error;
	if (!ours && (args->namelen != strlen(XFS_DM_EVENTS_NAME) ||
		      memcmp(args->name, XFS_DM_EVENTS_NAME, args->namelen)))
		return error;
	value = xfs_dm_born_value(ip, ours ? XFS_DM_RECORD_NAME :
				  XFS_DM_EVENTS_NAME, &len);
	if (!value)
		return error;
	/* No room at all asks for the length. */
	error = 0;
	if (args->valuelen && args->valuelen < len)
		error = -ERANGE;
	else if (args->valuelen)
		memcpy(args->value, value, len);
	args->valuelen = len;
	kvfree(value);
	return error;
}
