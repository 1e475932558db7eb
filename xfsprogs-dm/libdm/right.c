// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rights that tokens have on objects, and references
 */
#include "libdm.h"

static int call_object(unsigned int op, dm_sessid_t sid, void *hanp,
		size_t hlen, dm_token_t token)
{
	struct dmapi_object arg = dm_object(sid, token, hanp, hlen);

	return dm_call(op, &arg, sizeof(arg));
}

int dm_request_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int flags, dm_right_t right)
{
	struct dmapi_request_right arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.flags = flags,
		.right = right,
	};

	return dm_call(DMAPI_REQUEST_RIGHT, &arg, sizeof(arg));
}

int dm_release_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token)
{
	return call_object(DMAPI_RELEASE_RIGHT, sid, hanp, hlen, token);
}

int dm_query_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_right_t *rightp)
{
	struct dmapi_query_right arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.rightp = dm_ptr(rightp),
	};

	return dm_call(DMAPI_QUERY_RIGHT, &arg, sizeof(arg));
}

int dm_upgrade_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token)
{
	return call_object(DMAPI_UPGRADE_RIGHT, sid, hanp, hlen, token);
}

int dm_downgrade_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token)
{
	return call_object(DMAPI_DOWNGRADE_RIGHT, sid, hanp, hlen, token);
}

int dm_obj_ref_hold(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen)
{
	return call_object(DMAPI_OBJ_REF_HOLD, sid, hanp, hlen, token);
}

int dm_obj_ref_rele(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen)
{
	return call_object(DMAPI_OBJ_REF_RELE, sid, hanp, hlen, token);
}

int dm_obj_ref_query(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen)
{
	return call_object(DMAPI_OBJ_REF_QUERY, sid, hanp, hlen, token);
}
