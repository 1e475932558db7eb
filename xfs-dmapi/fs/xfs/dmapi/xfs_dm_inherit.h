/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of DM attributes that new objects inherit
 *
 * xfs_dm_inherit.c keeps it, xfs_dm_heir.c goes by it.
 */
#ifndef __XFS_DM_INHERIT_H__
#define __XFS_DM_INHERIT_H__

/**
 * struct xfs_dm_inherit - a list, never changed
 * @rcu: somebody may be about to take a reference
 * @refs: the mount's, and of those who create something
 * @n: number of entries, at least one
 * @entries: as the operations have them
 */
struct xfs_dm_inherit {
	struct rcu_head		rcu;
	refcount_t		refs;
	unsigned int		n;
	struct dmapi_inherit	entries[] __counted_by(n);
};

struct xfs_dm_inherit *xfs_dm_inherit_get(struct xfs_dm_mount *dm);
void xfs_dm_inherit_put(struct xfs_dm_inherit *list);

#endif /* __XFS_DM_INHERIT_H__ */
