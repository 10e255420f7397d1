"""What is celebrated: a moment for what members reached, congratulations, anniversaries, round-ups, and landmarks of the whole.

Records `congratulation.given` and `landmark.reached`.
"""
