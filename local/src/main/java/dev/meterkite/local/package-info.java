/**
 * The whole product in one place on a developer's machine: emulator, functions behind Google's
 * invoker, document events, schedules, tokens and a clock that can be moved.
 */
@NullMarked
package dev.meterkite.local;

import org.jspecify.annotations.NullMarked;
