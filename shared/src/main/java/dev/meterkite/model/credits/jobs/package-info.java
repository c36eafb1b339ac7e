/** Podcast jobs: their orders, attempts and payments. */
@NullMarked
package dev.meterkite.model.credits.jobs;

import org.jspecify.annotations.NullMarked;
