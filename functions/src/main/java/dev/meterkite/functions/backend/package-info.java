/** What all functions of a process share. */
@NullMarked
package dev.meterkite.functions.backend;

import org.jspecify.annotations.NullMarked;
