// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which events objects raise, what new ones begin with, and what the last one
 * tells
 */
#include "dmapi_ext.h"
#include "libdm.h"

int dm_set_eventlist(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_eventset_t *eventsetp,
		unsigned int maxevent)
{
	struct dmapi_set_disp arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.eventsetp = dm_ptr(eventsetp),
		.maxevent = maxevent,
	};

	return dm_call(DMAPI_SET_EVENTLIST, &arg, sizeof(arg));
}

int dm_get_eventlist(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem,
		dm_eventset_t *eventsetp, unsigned int *nelemp)
{
	struct dmapi_get_eventlist arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.nelem = nelem,
		.eventsetp = dm_ptr(eventsetp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GET_EVENTLIST, &arg, sizeof(arg));
}

int dmx_set_born(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_eventset_t events, unsigned int regions)
{
	struct dmapi_set_born arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.events = events,
		.regions = regions,
	};

	return dm_call(DMAPI_SET_BORN, &arg, sizeof(arg));
}

int dmx_get_born(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_eventset_t *eventsp, unsigned int *regionsp)
{
	struct dmapi_get_born arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.eventsp = dm_ptr(eventsp),
		.regionsp = dm_ptr(regionsp),
	};

	return dm_call(DMAPI_GET_BORN, &arg, sizeof(arg));
}

int dm_set_return_on_destroy(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep,
		dm_boolean_t enable)
{
	struct dmapi_set_return_on_destroy arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
		.enable = enable != DM_FALSE,
	};

	return dm_call(DMAPI_SET_RETURN_ON_DESTROY, &arg, sizeof(arg));
}
