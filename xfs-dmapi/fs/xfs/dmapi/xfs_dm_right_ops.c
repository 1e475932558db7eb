// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an application asks of rights and references
 *
 * A right is asked for, looked at, raised, lowered and given back by token.  A
 * reference keeps an object in memory, and with it its handle from becoming
 * another's, and excludes nobody.  Both end with the token, at the latest.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/*
 * What the call's token has of its object.  The token was outstanding a moment
 * ago; whatever is done with this looks again.
 */
static struct xfs_dm_right *
xfs_dm_right_of(struct xfs_dm_call *call)
{
	struct xfs_dm_msg	*m = xfs_dm_token_get(call->arg.obj.token);
	struct xfs_dm_right	*r;

	if (!m)
		return ERR_PTR(-ESRCH);
	r = xfs_dm_right_get(call, m);
	xfs_dm_msg_put(m);
	return r;
}

/* Do something with it that does not wait. */
static long
xfs_dm_right_apply(struct xfs_dm_call *call,
		   int (*change)(struct xfs_dm_right *r))
{
	struct xfs_dm_right	*r = xfs_dm_right_of(call);
	int			error;

	if (IS_ERR(r))
		return PTR_ERR(r);
	error = xfs_dm_right_change(r, change);
	xfs_dm_right_put(r);
	return error;
}

static long
xfs_dm_right_grant(struct xfs_dm_call *call, u32 level, bool wait)
{
	struct xfs_dm_right	*r = xfs_dm_right_of(call);
	int			error;

	if (IS_ERR(r))
		return PTR_ERR(r);
	error = xfs_dm_right_ask(r, level, wait);
	xfs_dm_right_put(r);
	return error;
}

/* DMAPI_REQUEST_RIGHT: what the token has is never lowered. */
static long
xfs_dm_op_request_right(struct xfs_dm_call *call)
{
	const struct dmapi_request_right *arg = (void *)call->arg.bytes;

	if (arg->flags & ~DMAPI_RR_WAIT)
		return -EINVAL;
	if (arg->right != DMAPI_RIGHT_SHARED && arg->right != DMAPI_RIGHT_EXCL)
		return -EINVAL;
	return xfs_dm_right_grant(call, arg->right, arg->flags & DMAPI_RR_WAIT);
}

static int
xfs_dm_right_release(struct xfs_dm_right *r)
{
	if (r->r_level == DMAPI_RIGHT_NULL)
		return -EACCES;
	r->r_level = DMAPI_RIGHT_NULL;
	return 0;
}

/* DMAPI_RELEASE_RIGHT: EACCES if there is none. */
static long
xfs_dm_op_release_right(struct xfs_dm_call *call)
{
	return xfs_dm_right_apply(call, xfs_dm_right_release);
}

/* DMAPI_QUERY_RIGHT */
static long
xfs_dm_op_query_right(struct xfs_dm_call *call)
{
	const struct dmapi_query_right *arg = (void *)call->arg.bytes;

	return xfs_dm_put_u32(arg->rightp, xfs_dm_right_look(call, NULL));
}

/* DMAPI_UPGRADE_RIGHT: EPERM if there is none; EAGAIN if others share it. */
static long
xfs_dm_op_upgrade_right(struct xfs_dm_call *call)
{
	if (xfs_dm_right_look(call, NULL) == DMAPI_RIGHT_NULL)
		return -EPERM;
	return xfs_dm_right_grant(call, DMAPI_RIGHT_EXCL, false);
}

static int
xfs_dm_right_downgrade(struct xfs_dm_right *r)
{
	if (r->r_level != DMAPI_RIGHT_EXCL)
		return -EPERM;
	r->r_level = DMAPI_RIGHT_SHARED;
	return 0;
}

/* DMAPI_DOWNGRADE_RIGHT: EPERM if it is not exclusive. */
static long
xfs_dm_op_downgrade_right(struct xfs_dm_call *call)
{
	return xfs_dm_right_apply(call, xfs_dm_right_downgrade);
}

static int
xfs_dm_right_hold(struct xfs_dm_right *r)
{
	if (r->r_held)
		return -EBUSY;
	r->r_held = true;
	return 0;
}

/* DMAPI_OBJ_REF_HOLD: EBUSY if the token has one already. */
static long
xfs_dm_op_obj_ref_hold(struct xfs_dm_call *call)
{
	return xfs_dm_right_apply(call, xfs_dm_right_hold);
}

static int
xfs_dm_right_rele(struct xfs_dm_right *r)
{
	if (!r->r_held)
		return -EACCES;
	r->r_held = false;
	return 0;
}

/* DMAPI_OBJ_REF_RELE: EACCES if the token has none. */
static long
xfs_dm_op_obj_ref_rele(struct xfs_dm_call *call)
{
	return xfs_dm_right_apply(call, xfs_dm_right_rele);
}

/* DMAPI_OBJ_REF_QUERY: 1 if the token has one, 0 if not */
static long
xfs_dm_op_obj_ref_query(struct xfs_dm_call *call)
{
	bool			held;

	xfs_dm_right_look(call, &held);
	return held;
}

#define XFS_DM_REF_NEEDS	(XFS_DM_OP_OBJECT | XFS_DM_OP_ANYINODE | \
				 XFS_DM_OP_TOKEN)
#define XFS_DM_RIGHT_NEEDS	(XFS_DM_REF_NEEDS | XFS_DM_OP_FS)

const struct xfs_dm_op xfs_dm_right_ops[] = {
	{
		.number	= DMAPI_REQUEST_RIGHT,
		.size	= sizeof(struct dmapi_request_right),
		.needs	= XFS_DM_RIGHT_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_request_right,
	},
	{
		.number	= DMAPI_RELEASE_RIGHT,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_RIGHT_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_release_right,
	},
	{
		.number	= DMAPI_QUERY_RIGHT,
		.size	= sizeof(struct dmapi_query_right),
		.needs	= XFS_DM_RIGHT_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_query_right,
	},
	{
		.number	= DMAPI_UPGRADE_RIGHT,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_RIGHT_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_upgrade_right,
	},
	{
		.number	= DMAPI_DOWNGRADE_RIGHT,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_RIGHT_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_downgrade_right,
	},
	{
		.number	= DMAPI_OBJ_REF_HOLD,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_REF_NEEDS,
		.call	= xfs_dm_op_obj_ref_hold,
	},
	{
		.number	= DMAPI_OBJ_REF_RELE,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_REF_NEEDS,
		.call	= xfs_dm_op_obj_ref_rele,
	},
	{
		.number	= DMAPI_OBJ_REF_QUERY,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_REF_NEEDS,
		.call	= xfs_dm_op_obj_ref_query,
	},
	{ },
};
