"""What machines ask: is it alive, is it ready, how is it doing. Answered before anything else of a page's way."""
