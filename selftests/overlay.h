/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Overlayfs whose layers are directories of a managed file system
 */
#ifndef DMAPI_TEST_OVERLAY_H
#define DMAPI_TEST_OVERLAY_H

#include "common.h"

/* Make the layers, and where they are to be seen: lower, upper, work, merged. */
static inline long dm_layers(const char *dir)
{
	static const char *const dirs[] = { "lower", "upper", "work", "merged" };
	char p[PATH_MAX];

	for (int i = 0; i < 4; i++) {
		snprintf(p, sizeof(p), "%.3000s/%s", dir, dirs[i]);
		if (mkdir(p, 0755))
			return -errno;
	}
	return 0;
}

/*
 * Stack the lower one of @dir and the upper one of @top; @merged: PATH_MAX bytes for
 * the path of the result, in @dir, which is to be unmounted.
 */
static inline long dm_overlay_on(const char *dir, const char *top, char *merged)
{
	char opts[4 * PATH_MAX];

	snprintf(opts, sizeof(opts), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 dir, top, top);
	snprintf(merged, PATH_MAX, "%.3000s/merged", dir);
	return mount("overlay", merged, "overlay", 0, opts) ? -errno : 0;
}

static inline long dm_overlay(const char *dir, char *merged)
{
	return dm_overlay_on(dir, dir, merged);
}

#endif /* DMAPI_TEST_OVERLAY_H */
