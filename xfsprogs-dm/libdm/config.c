// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the implementation can do
 */
#include "libdm.h"

int dm_get_config(void *hanp, size_t hlen, dm_config_t flagname,
		dm_size_t *retvalp)
{
	struct dmapi_get_config arg = {
		.obj = dm_object(DM_NO_SESSION, DM_NO_TOKEN, hanp, hlen),
		.flagname = flagname,
		.retvalp = dm_ptr(retvalp),
	};

	return dm_call(DMAPI_GET_CONFIG, &arg, sizeof(arg));
}

int dm_get_config_events(void *hanp, size_t hlen, unsigned int nelem,
		dm_eventset_t *eventsetp, unsigned int *nelemp)
{
	struct dmapi_get_config_events arg = {
		.obj = dm_object(DM_NO_SESSION, DM_NO_TOKEN, hanp, hlen),
		.nelem = nelem,
		.eventsetp = dm_ptr(eventsetp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GET_CONFIG_EVENTS, &arg, sizeof(arg));
}
