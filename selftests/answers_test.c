// SPDX-License-Identifier: GPL-2.0
/*
 * Many answers in one call: DMAPI_RESPOND_EVENTS
 */
#include "common.h"

#define READERS		70		/* more than the kernel takes at a time */
#define PATIENCE	8000

FIXTURE(answers) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
};

FIXTURE_SETUP(answers)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/answers.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "answers", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
}

FIXTURE_TEARDOWN(answers)
{
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* Each reader has his own answer, whatever is wrong with the others. */
TEST_F(answers, mixed)
{
	struct dmapi_response r[READERS + 3] = { };
	__s64 off[READERS];
	struct dm_event e;
	pid_t pid[READERS];
	__u32 given = 99;

	for (int i = 0; i < READERS; i++)
		pid[i] = dm_spawn_read(self->f.path, i * 100, 10);
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, dm_next(self->sid, &e, PATIENCE));
		off[i] = e.offset;
		r[i].token = e.token;
		r[i].response = i % 3 ? DMAPI_RESP_CONTINUE : DMAPI_RESP_ABORT;
		r[i].reterror = i % 3 ? 0 : ENXIO + i % 2;
		r[i].error = 77;
	}
	/* what is no answer: no errno, one again, no token */
	r[5].reterror = r[5].response == DMAPI_RESP_ABORT ? 0 : 3;
	r[READERS] = r[4];
	r[READERS + 1].response = DMAPI_RESP_CONTINUE;
	r[READERS + 2] = (struct dmapi_response) { INT_MAX, DMAPI_RESP_CONTINUE, 0, 0 };
	ASSERT_EQ(0, dmapi_respond_events(self->sid, READERS + 3, r, &given));
	EXPECT_EQ(READERS - 1, given);
	for (int i = 0; i < READERS; i++)
		EXPECT_EQ(i == 5 ? EINVAL : 0, r[i].error);
	EXPECT_EQ(ESRCH, r[READERS].error);
	EXPECT_EQ(EINVAL, r[READERS + 1].error);
	EXPECT_EQ(ESRCH, r[READERS + 2].error);
	for (int i = 0; i < READERS; i++) {
		int want = i % 3 ? 0 : ENXIO + i % 2;
		pid_t p = pid[off[i] / 100];

		if (i == 5) {
			EXPECT_EQ(DM_RUNNING, dm_wait(p, 0));
			EXPECT_EQ(0, dm_continue(self->sid, r[5].token));
			want = 0;
		}
		EXPECT_EQ(-want, dm_wait(p, PATIENCE));
	}
}

TEST_F(answers, errors)
{
	static struct dmapi_response r[DMAPI_MAX_RESPONSES + 1];
	__u32 given = 99;

	EXPECT_EQ(-EINVAL, dmapi_respond_events(self->sid, 0, r, &given));
	EXPECT_EQ(-E2BIG, dmapi_respond_events(self->sid, DMAPI_MAX_RESPONSES + 1, r, &given));
	EXPECT_EQ(-EFAULT, dmapi_respond_events(self->sid, 1, DM_BAD_PTR, &given));
	EXPECT_EQ(-EFAULT, dmapi_respond_events(self->sid, 1, r, DM_BAD_PTR));
	EXPECT_EQ(-EINVAL, dmapi_respond_events(self->sid + 1000, 1, r, &given));
	EXPECT_EQ(99, given);
	EXPECT_EQ(0, dmapi_respond_events(self->sid, DMAPI_MAX_RESPONSES, r, &given));
	EXPECT_EQ(0, given);
	EXPECT_EQ(EINVAL, r[DMAPI_MAX_RESPONSES - 1].error);
	EXPECT_EQ(0, r[DMAPI_MAX_RESPONSES].error);
}

TEST_HARNESS_MAIN
