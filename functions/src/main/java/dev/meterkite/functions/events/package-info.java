/** What surrounds every document trigger: events in, document changes out. */
@NullMarked
package dev.meterkite.functions.events;

import org.jspecify.annotations.NullMarked;
