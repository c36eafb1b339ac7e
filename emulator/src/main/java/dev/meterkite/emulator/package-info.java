/**
 * The real Firestore emulator as a process of ours: found, started, asked over its REST interface,
 * stopped.
 */
@NullMarked
package dev.meterkite.emulator;

import org.jspecify.annotations.NullMarked;
