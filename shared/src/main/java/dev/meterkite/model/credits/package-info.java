/** Prepaid credits: users, their journal, holds, jobs and what a job costs. */
@NullMarked
package dev.meterkite.model.credits;

import org.jspecify.annotations.NullMarked;
