/** What all functions share with their process: its settings and its clock. */
@NullMarked
package dev.meterkite.functions;

import org.jspecify.annotations.NullMarked;
